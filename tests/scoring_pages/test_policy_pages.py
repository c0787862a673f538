"""Editing a policy as a form and as JSON, what it changes, and putting it in force."""

import json

from scoring import services
from scoring.admin.policy_difference import Change, changes
from scoring.admin.policy_form import parse_value
from scoring.models import PolicyVersion

POLICY = "/admin/scoring/policyversion/{}/"


def sent(answer) -> dict[str, object]:
    """The editor as a browser would send it back untouched."""
    editor = answer.context["editor"]
    parts = [editor.cutoffs, *editor.grades, *editor.rules, *editor.inputs]
    data = {
        part.add_prefix(name): part[name].value()
        for part in parts
        for name in part.fields
        if part[name].value() not in (None, False, "")
    }
    for forms in (editor.grades, editor.rules, editor.inputs):
        data |= {
            forms.management_form.add_prefix(k): v for k, v in forms.management_form.initial.items()
        }
    return data


def test_saving_untouched_gives_the_same_flow(page, live):
    old = PolicyVersion.objects.get()
    path = POLICY.format(old.pk) + "edit/"
    answer = page("credit_officer", path, sent(page("credit_officer", path)))
    assert answer.status_code == 302, answer.text_
    new = PolicyVersion.objects.latest("number")
    assert (new.number, new.stage, new.sha256) == (2, "draft", old.sha256)


def test_changed_cutoff_rule_and_price_are_in_the_draft_and_in_the_difference(page, live):
    old = PolicyVersion.objects.get()
    path = POLICY.format(old.pk) + "edit/"
    before = services.form_of(json.loads(old.document))
    data = sent(page("credit_officer", path))
    data |= {
        "approve_at": str(int(before["approve_at"]) + 5), "grades-0-rate": "6.5", "grades-0-limit": "1234.56",
        "rules-0-code": "TOO_YOUNG", "rules-0-field": "applicant_age", "rules-0-operator": "<", "rules-0-value": "18",
        "rules-0-outcome": "decline", "rules-0-on_missing": "refer",
        "rules-0-en": "Applicant is under 18 years of age", "rules-0-zh": "申请人未满18周岁",
        "inputs-0-name": "applicant_age", "inputs-0-type": "integer", "inputs-0-nullable": "on",
        "inputs-0-minimum": "0", "inputs-0-maximum": "130",
    }  # fmt: skip
    answer = page("credit_officer", path, data)
    assert answer.status_code == 302, answer.context["editor"].cutoffs.errors
    new = PolicyVersion.objects.latest("number")
    form = services.form_of(json.loads(new.document))
    assert form["approve_at"] == str(int(before["approve_at"]) + 5)
    assert (form["prices"][0]["rate"], form["prices"][0]["limit_minor"]) == ("0.065", 123456)
    assert form["hard_rules"][0]["code"] == "TOO_YOUNG"
    assert new.catalogue.entries["TOO_YOUNG"]["zh"] == "申请人未满18周岁"
    shown = page("credit_officer", answer["Location"]).text_
    assert "What changes against v1" in shown
    assert f'<td class="pan-before">{before["approve_at"]}</td>' in shown
    assert f'<td class="pan-after">{form["approve_at"]}</td>' in shown
    again = sent(page("credit_officer", POLICY.format(new.pk) + "edit/"))
    assert again["rules-0-zh"] == "申请人未满18周岁"


def test_refused_form_says_why_and_saves_nothing(page, live):
    path = POLICY.format(PolicyVersion.objects.get().pk) + "edit/"
    data = sent(page("credit_officer", path))
    data |= {"approve_at": "300", "refer_at": "600"}
    answer = page("credit_officer", path, data)
    assert answer.status_code == 200
    assert "cut-off" in answer.text_
    assert answer.context["editor"].cutoffs.non_field_errors()
    assert PolicyVersion.objects.count() == 1


def test_function_node_is_refused_in_json(page, live):
    old = PolicyVersion.objects.get()
    document = json.loads(old.document)
    document["nodes"][1] = {**document["nodes"][1], "type": "functionNode", "content": "while(1){}"}
    path = POLICY.format(old.pk) + "json/"
    answer = page("risk_analyst", path, {"document": json.dumps(document), "note": ""})
    assert answer.status_code == 200
    assert answer.context["form"].errors
    broken = page("risk_analyst", path, {"document": "[1", "note": ""})
    assert list(broken.context["form"].errors) == ["document"]
    assert PolicyVersion.objects.count() == 1


def test_draft_goes_through_review_into_force(page, live):
    old = PolicyVersion.objects.get()
    path = POLICY.format(old.pk) + "edit/"
    data = {**sent(page("risk_analyst", path)), "note": "Next quarter."}
    page("risk_analyst", path, data)
    new = PolicyVersion.objects.latest("number")
    one = POLICY.format(new.pk)
    page("risk_analyst", one + "submit/", {})
    assert page("risk_analyst", one + "approve/", {"note": "x"}).status_code == 403
    page("credit_officer", one + "approve/", {"note": "Fits."})
    answer = page("credit_officer", one + "deploy/", {}, follow=True)
    assert "in force from now on" in answer.content.decode()
    new.refresh_from_db()
    old.refresh_from_db()
    assert (new.stage, old.stage) == ("live", "approved")


def test_page_proves_its_tables_complete(page, live):
    assert (
        "no hole"
        in page("compliance", POLICY.format(PolicyVersion.objects.get().pk) + "change/").text_
    )


def test_difference_names_rows_by_what_they_are_called():
    before = {"cut": 1, "grades": [{"grade": "A", "bound": 5}, {"grade": "B", "bound": None}]}
    after = {"cut": 1, "grades": [{"grade": "A+", "bound": 9}, *before["grades"]]}
    assert changes(before, before) == []
    assert changes(before, after) == [
        Change("grades › A+ › grade", "–", "A+"),
        Change("grades › A+ › bound", "–", "9"),
    ]


def test_values_of_rules_keep_their_kind():
    assert parse_value("18", listed=False) == 18
    assert parse_value("0.35", listed=False) == 0.35
    assert parse_value("true", listed=False) is True
    assert parse_value("north, south", listed=True) == ["north", "south"]
    assert parse_value("NaN", listed=False) == "NaN"
