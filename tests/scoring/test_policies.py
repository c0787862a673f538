"""Policies written by people: the form, the flow, the words of their codes, what they change in a decision."""

import msgspec
import pytest

from core.errors import Conflict, Forbidden, InvalidInput
from scoring import selectors, services
from scoring.contracts import PolicyFormIn, PolicyIn, ReasonIn
from scoring.models import ReasonCatalogue
from tests.scoring import portfolio
from tests.scoring.conftest import ANALYST, OFFICER, VALIDATOR

pytestmark = pytest.mark.django_db
UNDER_AGE = ReasonIn(feature="age", en="Applicant is under 18 years of age", zh="申请人未满18周岁")


def form(**changes) -> PolicyFormIn:
    given = {
        "name": "By hand",
        "measure": "score",
        "approve_at": 500,
        "refer_at": 450,
        "grades": [{"grade": "A", "bound": 510}, {"grade": "B"}],
        "prices": [
            {"grade": "A", "rate": "0.08", "limit_minor": 5_000_000, "term_months": 12},
            {"grade": "B", "rate": "0.12", "limit_minor": 1_000_000, "term_months": 6},
        ],
        "hard_rules": [{"code": "UNDER_AGE", "field": "age", "operator": "<", "value": 18}],
        "inputs": [{"name": "age", "type": "integer", "nullable": True}],
    }
    return msgspec.convert({**given, **changes}, PolicyFormIn)


def in_force(model, draft, author=OFFICER, checker=VALIDATOR):
    version = services.save_policy_version(model_id=str(model.id), draft=draft, actor=author)
    services.submit_policy(version_id=str(version.id), actor=author)
    services.approve_policy(version_id=str(version.id), actor=checker, note="Agreed.")
    services.deploy_policy(version_id=str(version.id), actor=OFFICER)
    return version


def test_a_rule_of_the_bank_decides_and_gives_its_reason(live, model, decide):
    version = in_force(model, PolicyIn(form=form(), reasons={"UNDER_AGE": UNDER_AGE}))
    child = decide({**portfolio.GOOD, "age": 16})
    assert child.outcome == "decline"
    assert child.reasons[0]["code"] == "UNDER_AGE"
    assert child.reasons[0]["zh"] == "申请人未满18周岁"
    assert child.policy_version == version.number
    grown = decide({**portfolio.GOOD, "age": 40}, key="k2", application="A2")
    assert (grown.outcome, grown.offer["nominal_rate"]) == ("approve", "0.08")
    silent = decide(portfolio.GOOD, key="k3", application="A3")
    assert silent.outcome == "refer"
    assert silent.reasons[0]["code"] == "MISSING_AGE"
    for place, found in enumerate((child, grown, silent)):
        replay = services.replay_decision(decision_id=found.id, actor=OFFICER)
        assert replay.identical, place


def test_form_and_flow_are_two_views_of_one_document(live, model):
    draft = PolicyIn(form=form(), reasons={"UNDER_AGE": UNDER_AGE})
    version = services.save_policy_version(model_id=str(model.id), draft=draft, actor=ANALYST)
    view = selectors.get_policy(str(version.id))
    shown = services.form_of(dict(view.document))
    assert shown["hard_rules"][0]["code"] == "UNDER_AGE"
    again = services.save_policy_version(
        model_id=str(model.id), draft=PolicyIn(document=dict(view.document)), actor=ANALYST
    )
    assert again.id == version.id
    assert again.sha256 == version.sha256
    other = services.save_policy_version(model_id=str(model.id), draft=draft, actor=OFFICER)
    assert other.number == version.number + 1


def test_words_are_required_and_must_be_specific(live, model):
    with pytest.raises(InvalidInput) as error:
        services.save_policy_version(
            model_id=str(model.id), draft=PolicyIn(form=form()), actor=ANALYST
        )
    assert [e.pointer for e in error.value.errors] == ["/reasons/UNDER_AGE"]
    vague = ReasonIn(feature="age", en="Internal policy", zh="综合评分不足")
    with pytest.raises(InvalidInput):
        services.save_policy_version(
            model_id=str(model.id),
            draft=PolicyIn(form=form(), reasons={"UNDER_AGE": vague}),
            actor=ANALYST,
        )
    assert ReasonCatalogue.objects.count() == 1


@pytest.mark.parametrize(
    ("draft", "pointer"),
    [
        (PolicyIn(), "/form"),
        (PolicyIn(form=form(), document={}), "/form"),
        (PolicyIn(form=form(approve_at=400)), "/document"),
        (PolicyIn(document={"nodes": [], "edges": []}), "/document"),
        (
            PolicyIn(
                document={
                    "nodes": [{"id": "f", "type": "functionNode", "name": "f", "content": "x"}],
                    "edges": [],
                }
            ),
            "/document",
        ),
    ],
)
def test_what_is_not_admitted_is_refused_on_save(live, model, draft, pointer):
    with pytest.raises(InvalidInput) as error:
        services.save_policy_version(model_id=str(model.id), draft=draft, actor=ANALYST)
    assert error.value.errors[0].pointer.startswith(pointer)


def test_who_may(live, model):
    draft = PolicyIn(form=form(), reasons={"UNDER_AGE": UNDER_AGE})
    with pytest.raises(Forbidden):
        services.save_policy_version(model_id=str(model.id), draft=draft, actor=VALIDATOR)
    version = services.save_policy_version(model_id=str(model.id), draft=draft, actor=OFFICER)
    with pytest.raises(Conflict):
        services.deploy_policy(version_id=str(version.id), actor=OFFICER)


def test_hard_limits_of_the_product_bind_every_policy(bank, load, decide):
    from tests.scoring.conftest import approve_all, train_version

    model = services.create_model(
        code="cap", name="Capped", product="unsecured_consumer", actor=ANALYST
    )
    approve_all(train_version(model, load))
    greedy = form(
        grades=[{"grade": "A"}],
        prices=[{"grade": "A", "rate": "0.30", "limit_minor": 90_000_000, "term_months": 24}],
        hard_rules=[],
        inputs=[],
    )
    in_force(model, PolicyIn(form=greedy))
    found = decide(portfolio.GOOD)
    assert (found.outcome, found.offer) == ("refer", None)
    assert {"CAP_AMOUNT", "CAP_TERM", "CAP_APR"} <= set(found.codes)


def test_api_writes_a_draft_and_checks_a_flow(live, model, bank_a, api):
    client = api(bank_a)
    body = {
        "form": {
            "name": "By API",
            "measure": "score",
            "approve_at": 500,
            "refer_at": 450,
            "grades": [{"grade": "A"}],
            "prices": [{"grade": "A", "rate": "0.09", "limit_minor": 100_000, "term_months": 6}],
        }
    }
    url = f"/api/v1/scoring/models/{model.id}/policy-draft"
    saved = client.put(url, body, content_type="application/json")
    assert saved.status_code == 200, saved.content
    assert saved.json()["row"]["stage"] == "draft"
    assert saved.json()["form"]["prices"][0]["rate"] == "0.09"
    checked = client.post(
        "/api/v1/scoring/policies:validate", body, content_type="application/json"
    )
    assert checked.json()["sha256"] == saved.json()["row"]["sha256"]
    body["form"]["surprise"] = 1
    refused = client.put(url, body, content_type="application/json")
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["pointer"] == "/form/surprise"


@pytest.mark.parametrize(
    "change",
    [
        {"approve_at": "1e999999999"},
        {"refer_at": "1e-999999999"},
        {"minimum": "NaN"},
        {"maximum": "Infinity"},
        {"grades": [{"grade": "A", "bound": "1e400"}, {"grade": "B"}]},
        {"hard_rules": [{"code": "UNDER_AGE", "field": "age", "operator": "<", "value": 1e300}]},
        {"hard_rules": [{"code": "UNDER_AGE", "field": "age", "operator": "<", "value": {}}]},
    ],
)
def test_numbers_that_would_explode_are_refused(live, model, bank_a, api, change):
    body = {
        "form": {
            "name": "Bomb",
            "measure": "score",
            "approve_at": 500,
            "refer_at": 450,
            "grades": [{"grade": "A"}],
            "prices": [{"grade": "A", "rate": "0.09", "limit_minor": 100_000, "term_months": 6}],
            "inputs": [{"name": "age"}],
            **change,
        }
    }
    answer = api(bank_a).post(
        "/api/v1/scoring/policies:validate", body, content_type="application/json"
    )
    assert answer.status_code == 400, answer.content


def test_nul_in_a_text_is_refused(live, model):
    reason = ReasonIn(feature="age", en="Under \x00 age of 18", zh="申请人未满18周岁")
    with pytest.raises(InvalidInput) as error:
        services.save_policy_version(
            model_id=str(model.id),
            draft=PolicyIn(form=form(), reasons={"UNDER_AGE": reason}),
            actor=ANALYST,
        )
    assert error.value.code == "nul_character"
