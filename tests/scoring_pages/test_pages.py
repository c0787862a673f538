"""What each role sees and may do on the pages of scoring."""

import csv
import io
import uuid
from copy import deepcopy
from zoneinfo import ZoneInfo

import pytest

from audit.models import AuditEntry
from jobs.models import Job
from scoring import services
from scoring.admin.report_page import words_of_test
from scoring.admin.report_pictures import last_part, part_name
from scoring.choices import Slot
from scoring.models import BatchRun, Decision, ModelRun, ModelVersion, PolicyVersion
from scoring.selectors import pages as selectors
from tests.scoring.conftest import ANALYST, CLIENT, VALIDATOR, run_now, train_version

VERSION = "/admin/scoring/modelversion/{}/"
POLICY = "/admin/scoring/policyversion/{}/"
DECISION = "/admin/scoring/decision/{}/"
LISTS = ("modelrun", "modelversion", "policyversion", "decision", "batchrun")


def rows_of(answer) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


@pytest.mark.parametrize(
    ("role", "status"), [("risk_analyst", 200), ("compliance", 200), ("marketing_manager", 403)]
)
def test_lists_are_open_to_risk_and_closed_to_others(page, decided, role, status):
    for name in LISTS:
        assert page(role, f"/admin/scoring/{name}/").status_code == status, name


def test_validator_sees_models_but_no_decisions(page, decided):
    assert (
        page("model_validator", VERSION.format(decided[0].model_version_id) + "change/").status_code
        == 200
    )
    assert page("model_validator", "/admin/scoring/decision/").status_code == 403
    assert page("model_validator", DECISION.format(decided[0].pk) + "change/").status_code == 403
    assert "/admin/scoring/decision/" not in page("model_validator", "/admin/").text_


def test_unknown_and_malformed_ids_are_404(page, version):
    for name in LISTS:
        assert (
            page("credit_officer", f"/admin/scoring/{name}/{uuid.uuid4()}/change/").status_code
            == 404
        )
        assert page("credit_officer", f"/admin/scoring/{name}/nonsense/change/").status_code == 404
    assert (
        page("risk_analyst", VERSION.format(version.pk) + "picture/nothing.csv").status_code == 404
    )
    assert (
        page("risk_analyst", VERSION.format(version.pk) + "picture/bins-999.csv").status_code == 404
    )


def test_another_bank_knows_no_such_version(version, bank_b, staff):
    answer = staff(bank_b, "risk_analyst").get(VERSION.format(version.pk) + "change/")
    assert answer.status_code == 404


def test_report_shows_the_figures_of_the_test_part(page, version):
    text = page("risk_analyst", VERSION.format(version.pk) + "change/").text_
    part = version.report["parts"][-1]
    for name in ("auc", "gini", "ks"):
        shown = f"[{part[name]['low']:.3f}, {part[name]['high']:.3f}]"
        assert f"{part[name]['value']:.3f}" in text
        assert shown in text
    assert version.artifact_sha256 in text
    assert "Out of sample" in text
    assert "Out of time" not in text
    assert "Submit for review" in text
    assert "Known only after the decision" in text


def test_every_picture_has_its_numbers_as_csv(page, version):
    path = VERSION.format(version.pk) + "picture/{}.csv"
    roc = rows_of(page("risk_analyst", path.format("roc")))
    assert len(roc) - 1 == sum(len(part["roc"]) for part in version.report["parts"])
    used = [place for place, f in enumerate(version.report["features"]) if f["used"]]
    bins = rows_of(page("risk_analyst", path.format(f"bins-{used[0]}")))
    counted = [b["count"] for b in version.report["features"][used[0]]["bins"] if b["count"]]
    assert [int(row[2]) for row in bins[1:]] == counted
    for key in ("distribution", "ks", "gains", "lift", "calibration", "iv", "psi"):
        assert len(rows_of(page("risk_analyst", path.format(key)))) > 1, key


def test_bins_are_drawn_when_their_row_is_opened(page, version):
    answer = page("risk_analyst", VERSION.format(version.pk) + "bins/0/")
    assert answer.status_code == 200
    assert "<svg" in answer.text_


def test_run_starts_from_the_form_with_a_trend_and_without_a_column(page, model, load):
    data = form_data(page, load, model)
    data["feature"] = ["income", "tenure"]
    data["trend:income"] = "descending"
    answer = page("risk_analyst", "/admin/scoring/modelrun/add/", data)
    assert answer.status_code == 302, answer.text_
    run = ModelRun.objects.get()
    inputs = {f["name"]: f["trend"] for f in run.spec["features"] if f["role"] == "input"}
    assert inputs == {"income": "descending", "tenure": "auto"}
    assert run.spec["scorecard"]["max_bins"] == 7
    shown = page("risk_analyst", answer["Location"]).text_
    assert 'hx-trigger="load delay:1s"' in shown
    run_now(run.job_id)
    done = page("risk_analyst", answer["Location"]).text_
    assert "Open the report" in done
    state = page("risk_analyst", f"/admin/scoring/modelrun/{run.pk}/state/")
    assert state["HX-Refresh"] == "true"


def form_data(page, load, model) -> dict[str, object]:
    """The start form as a browser would send it back untouched, but for the most bins."""
    answer = page("risk_analyst", "/admin/scoring/modelrun/add/")
    form = answer.context["form"]
    data: dict[str, object] = {}
    for name, field in form.fields.items():
        value = form[name].value()
        if value is None and hasattr(field, "choices"):
            value = field.choices[0][0]
        if value not in (None, False, ""):
            data[name] = value
    chosen = [c.name for c in answer.context["columns"] if c.chosen]
    return {
        **data, "load": str(load.pk), "model": str(model.pk), "columns": "1", "feature": chosen,
        "scorecard_max_bins": 7,
    }  # fmt: skip


def test_wrong_setting_stands_beside_its_field_and_nothing_starts(page, model, load):
    data = {
        **form_data(page, load, model),
        "scorecard_max_bins": 99,
        "model": "new",
        "new_name": "X",
        "new_code": "x",
    }
    answer = page("risk_analyst", "/admin/scoring/modelrun/add/", data)
    assert answer.status_code == 200
    assert answer.context["form"].errors == {
        "scorecard_max_bins": ["scorecard.max_bins must be 2 to 20"]
    }
    assert ModelRun.objects.count() == 0
    assert Job.objects.filter(kind="scoring.train").count() == 0
    assert not model._meta.model.objects.filter(code="x").exists()


def test_taken_code_stands_beside_its_field(page, model, load):
    data = {
        **form_data(page, load, model),
        "model": "new",
        "new_name": "Twin",
        "new_code": model.code,
    }
    answer = page("risk_analyst", "/admin/scoring/modelrun/add/", data)
    assert list(answer.context["form"].errors) == ["new_code"]


def test_columns_that_may_not_train_cannot_be_ticked(page, load):
    shown = page("risk_analyst", f"/admin/scoring/modelrun/columns/?load={load.pk}").text_
    assert 'value="income"' in shown
    for name in ("loan", "gender", "late", "bad"):
        assert f'value="{name}"' not in shown, name
        assert name in shown


def test_maker_reads_why_another_person_approves(page, bank, staff, version, actor_of):
    maker = staff(bank, "risk_analyst", "model_validator")
    services.submit_for_review(version_id=str(version.pk), actor=actor_of(maker.user, bank))
    path = VERSION.format(version.pk)
    shown = maker.get(path + "change/").content.decode()
    assert "another person approves it" in shown
    answer = maker.post(path + "approve/", {"note": "Mine is good."})
    assert answer.status_code == 200
    assert "Who made or submitted a version does not approve it." in answer.content.decode()
    version.refresh_from_db()
    assert version.stage == "review"


def test_approval_needs_a_note_and_a_validator(page, version):
    services.submit_for_review(version_id=str(version.pk), actor=ANALYST)
    path = VERSION.format(version.pk) + "approve/"
    assert page("risk_analyst", path, {"note": "x"}).status_code == 403
    empty = page("model_validator", path, {"note": " "})
    assert empty.status_code == 200
    assert "note" in empty.context["form"].errors
    answer = page("model_validator", path, {"note": "Sound."}, follow=True)
    assert "is approved" in answer.content.decode()
    version.refresh_from_db()
    assert (version.stage, version.review_note) == ("approved", "Sound.")


def test_reject_sends_back_and_deploy_gives_the_slot(page, version):
    path = VERSION.format(version.pk)
    services.submit_for_review(version_id=str(version.pk), actor=ANALYST)
    page("model_validator", path + "reject/", {"note": "Too few rows."})
    version.refresh_from_db()
    assert (version.stage, version.review_note) == ("develop", "Too few rows.")
    page("risk_analyst", path + "submit/", {})
    services.approve_version(version_id=str(version.pk), actor=VALIDATOR, note="Now.")
    assert page("risk_analyst", path + "deploy/", {"slot": "shadow"}).status_code == 403
    page("credit_officer", path + "deploy/", {"slot": "shadow"})
    assert version.deployments.get().slot == Slot.SHADOW
    refused = page("credit_officer", path + "retire/", {"note": "x"})
    assert "replace or withdraw it first" in refused.text_


def test_slot_of_another_version_is_not_withdrawn_from_this_page(page, live):
    path = f"/admin/scoring/modelversion/{live.pk}/withdraw/{uuid.uuid4()}/"
    assert page("credit_officer", path).status_code == 404
    assert page("credit_officer", path, {"note": "Drift."}).status_code == 404
    assert live.deployments.get().valid_to is None


def test_withdrawing_the_champion_ends_its_slot(page, live):
    deployment = live.deployments.get()
    path = VERSION.format(live.pk)
    assert f"withdraw/{deployment.pk}/" in page("credit_officer", path + "change/").text_
    assert f"withdraw/{deployment.pk}/" not in page("risk_analyst", path + "change/").text_
    answer = page(
        "credit_officer", f"{path}withdraw/{deployment.pk}/", {"note": "Drift."}, follow=True
    )
    assert "is withdrawn from its slot" in answer.content.decode()
    deployment.refresh_from_db()
    live.refresh_from_db()
    assert deployment.valid_to is not None
    assert live.stage == "approved"


def test_nothing_is_changed_by_opening_a_question(page, version):
    for step in ("submit",):
        assert page("risk_analyst", VERSION.format(version.pk) + f"{step}/").status_code == 200
    version.refresh_from_db()
    assert version.stage == "develop"


def test_decision_page_hides_inputs_until_asked_and_writes_the_look_down(page, decided):
    row = next(d for d in decided if d.outcome == "decline")
    path = DECISION.format(row.pk)
    shown = page("credit_officer", path + "change/").text_
    assert str(row.score) in shown
    for reason in row.output["reasons"]:
        assert reason["en"] in shown.replace("&#x27;", "'")
        assert reason["zh"] in shown
    assert "<td>income</td>" not in shown
    reads = AuditEntry.objects.filter(personal=True, target_id=str(row.pk))
    assert reads.count() == 0
    assert page("credit_officer", path + "inputs/").status_code == 405
    opened = page("credit_officer", path + "inputs/", {}).text_
    assert "<td>income</td>" in opened
    assert reads.count() == 1
    assert page("bank_admin", path + "inputs/", {}).status_code == 403
    assert reads.count() == 1


def test_replay_says_identical(page, decided):
    answer = page("compliance", DECISION.format(decided[0].pk) + "replay/", {})
    assert "Identical, bit for bit" in answer.text_


def test_decisions_are_found_by_reference_and_filtered_into_csv(page, decided):
    found = page("credit_officer", "/admin/scoring/decision/?q=A7")
    assert found.context["cl"].result_count == 1
    declined = rows_of(
        page("credit_officer", "/admin/scoring/decision/?outcome=decline&export=csv")
    )
    expected = Decision.objects.filter(outcome="decline").count()
    assert 0 < expected < len(decided)
    assert len(declined) - 1 == expected
    assert {row[2] for row in declined[1:]} == {"decline"}


def test_lists_cost_the_same_however_many_rows(page, decided, django_assert_max_num_queries):
    most = {"decision": 12, "modelversion": 10, "modelrun": 10, "policyversion": 10, "batchrun": 9}
    for name in LISTS:
        page("credit_officer", f"/admin/scoring/{name}/")
        with django_assert_max_num_queries(most[name]):
            page("credit_officer", f"/admin/scoring/{name}/")


def test_decisions_are_filtered_by_version_and_grade(page, decided):
    first = decided[0]
    by_version = f"/admin/scoring/decision/?version={first.model_version_id}"
    assert page("credit_officer", by_version).context["cl"].result_count == len(decided)
    by_grade = page("credit_officer", f"/admin/scoring/decision/?grade={first.grade}")
    same = sum(d.grade == first.grade for d in decided)
    assert by_grade.context["cl"].result_count == same


def test_batch_from_the_form_to_the_file(page, live, load):
    data = {"load": str(load.pk), "model": str(live.model_id), "version": ""}
    assert page("compliance", "/admin/scoring/batchrun/add/", data).status_code == 403
    answer = page("risk_analyst", "/admin/scoring/batchrun/add/", data)
    assert answer.status_code == 302, answer.text_
    batch = BatchRun.objects.get()
    early = page("risk_analyst", f"/admin/scoring/batchrun/{batch.pk}/results.csv", follow=True)
    assert "results" not in early.get("Content-Disposition", "")
    run_now(batch.job_id)
    batch.refresh_from_db()
    shown = page("risk_analyst", answer["Location"]).text_
    assert f"{load.rows_good:,} rows decided" in shown
    for outcome, count in batch.manifest["counts"].items():
        assert f"{count:,} <small>" in shown, outcome
    file = page("risk_analyst", f"/admin/scoring/batchrun/{batch.pk}/results.csv")
    lines = b"".join(file.streaming_content).decode().splitlines()
    assert len(lines) - 1 == load.rows_good


def test_overview_of_a_new_bank_names_the_first_step(page, bank):
    text = page("risk_analyst", "/admin/").text_
    assert "First steps" in text
    assert 'aria-current="step"><strong>Bring data' in text
    assert "/admin/datasets/dataset/add/" in text


def test_overview_shows_what_decides_and_who_must_review(page, decided, live):
    text = page("credit_officer", "/admin/").text_
    assert "First steps" not in text
    assert f"{live.auc:.3f}" in text
    assert f"<dd>{len(decided)}</dd>" in text
    approved = sum(d.outcome == "approve" for d in decided)
    assert f"{approved / len(decided) * 100:.1f} %" in text


def test_days_are_counted_where_the_bank_is(bank, decided):
    east, west = ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Pacific/Pago_Pago")
    for zone in (east, west):
        days = selectors.outcomes_by_day(3, zone)
        assert days[-1][0] == selectors.start_of_day(zone).date()
        assert [counts.total for _day, counts in days] == [0, 0, len(decided)]
    assert selectors.outcomes_by_day(1, east)[0][0] != selectors.outcomes_by_day(1, west)[0][0]


def test_overview_tells_the_validator_what_waits(page, version):
    services.submit_for_review(version_id=str(version.pk), actor=ANALYST)
    text = page("model_validator", "/admin/").text_
    assert "1 waits for you" in text
    assert VERSION.format(version.pk) + "change/" in text
    assert "waits for you" not in page("risk_analyst", "/admin/").text_


def test_client_is_named_on_the_decision(page, decided):
    assert CLIENT.label in page("compliance", DECISION.format(decided[0].pk) + "change/").text_


def test_pages_speak_chinese(page, version):
    text = page(
        "risk_analyst", VERSION.format(version.pk) + "change/", HTTP_ACCEPT_LANGUAGE="zh-hans"
    ).text_
    assert "送审" in text
    assert "样本外" in text


def test_policy_version_is_listed_with_its_stage(page, live):
    assert PolicyVersion.objects.get().stage == "live"
    assert ModelVersion.objects.get().stage == "live"
    assert "Live" in page("compliance", "/admin/scoring/policyversion/").text_


def test_only_what_has_a_time_is_called_out_of_time(version):
    report = deepcopy(version.report)
    assert part_name(last_part(report)) == "Out of sample"
    assert "no out-of-time figure" in words_of_test(report)
    report["parts"][-1]["name"], report["boundary"] = "out_of_time", "2026-03-01T00:00:00"
    assert part_name(last_part(report)) == "Out of time"
    assert words_of_test(report) == "Rows from 2026-03-01 on, which training never saw."
    report["parts"] = report["parts"][:1]
    assert part_name(last_part(report)) == "Train"
    assert "No rows were set aside" in words_of_test(report)


def test_boosting_has_a_report_without_points(page, model, load):
    boosted = train_version(model, load, "boosting")
    text = page("risk_analyst", VERSION.format(boosted.pk) + "change/").text_
    assert "Gradient boosting" in text
    assert f"{boosted.report['rounds']} boosting rounds." in text
    assert 'id="points"' not in text
    assert f"{boosted.auc:.3f}" in text
