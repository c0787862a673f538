"""Outcomes: taken once, restated without forgetting, matched by reference, and set against predictions."""

import json
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from core.clock import now
from core.errors import Forbidden, InvalidInput
from core.tenancy import bank_scope, current_bank
from core.vault import vault
from scoring import selectors, services
from scoring.api.v1.tokens import forget_tokens
from scoring.contracts import DecisionIn
from scoring.models import OutcomeObservation
from scoring.services.outcomes import OutcomeIn
from tests.scoring import portfolio
from tests.scoring.conftest import ANALYST, CLIENT, OFFICER, VALIDATOR

pytestmark = pytest.mark.django_db
URL = "/api/v1/scoring/outcomes"


def today() -> date:
    """The day it is at the bank, which is what its `as_of` means; in London it may be the day before."""
    return now().astimezone(ZoneInfo(current_bank().time_zone)).date()


def told(reference: str = "A1", days: int = 0, back: int = 1, **more) -> OutcomeIn:
    return OutcomeIn(reference, today() - timedelta(days=back), days, **more)


def report(*outcomes: OutcomeIn):
    return services.report_outcomes(outcomes=outcomes, actor=ANALYST)


def test_a_word_is_kept_once_and_a_restated_one_beside_it(live, decide):
    view = decide(portfolio.GOOD)
    assert report(told(days=10)).stored == 1
    again = report(told(days=10))
    assert (again.stored, again.repeated) == (0, 1)
    assert report(told(days=0)).stored == 1
    seen = selectors.outcomes_of_decision(view.id)
    assert [(o.days_past_due, o.current) for o in seen] == [(0, True), (10, False)]


def test_unknown_and_erased_cases_are_named_and_not_stored(live, decide):
    decide(portfolio.GOOD)
    decide(portfolio.GOOD, key="k2", application="A2", customer="C2")
    vault().erase_subject("C2")
    taken = report(told("nobody"), told("A1"), told("A2"))
    assert taken.stored == 1
    assert [(u.place, u.reason) for u in taken.unmatched] == [
        (0, "unknown_application"), (2, "unknown_application"),
    ]  # fmt: skip


def test_one_fault_refuses_all_and_names_the_place(live, decide):
    decide(portfolio.GOOD)
    with pytest.raises(InvalidInput) as refused:
        report(told(), told(days=-1), told(back=-30), told(days=3, closed=True))
    assert [e.pointer for e in refused.value.errors] == [
        "/outcomes/1/days_past_due", "/outcomes/2/as_of", "/outcomes/3/closed",
    ]  # fmt: skip
    assert not OutcomeObservation.objects.exists()
    with pytest.raises(Forbidden):
        services.report_outcomes(outcomes=[told()], actor=VALIDATOR)
    with pytest.raises(Forbidden):
        services.report_outcomes(outcomes=[told()], actor=CLIENT)


def test_observations_only_grow(live, decide):
    decide(portfolio.GOOD)
    report(told())
    for statement in ("UPDATE {} SET days_past_due = 0", "DELETE FROM {}"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement.format("scoring_outcomeobservation"))


def test_over_http(live, decide, bank_a, api):
    view = decide(portfolio.GOOD)
    forget_tokens()
    client = api(bank_a)
    body = {
        "outcomes": [
            {"application": "A1", "as_of": str(today()), "days_past_due": 95, "balance_minor": 100},
            {"application": "A9", "as_of": str(today()), "days_past_due": 0},
        ]
    }
    answer = client.post(URL, json.dumps(body), content_type="application/json")
    assert answer.status_code == 200, answer.content
    assert answer.json() == {
        "stored": 1, "repeated": 0,
        "unmatched": [{"place": 1, "reason": "unknown_application"}],
    }  # fmt: skip
    seen = client.get(f"/api/v1/scoring/decisions/{view.id}/outcomes").json()
    assert [(o["days_past_due"], o["origin"], o["current"]) for o in seen] == [(95, "rest", True)]
    refused = client.post(URL, json.dumps({"outcomes": [{}]}), content_type="application/json")
    assert refused.status_code == 400
    with bank_scope(bank_a):
        model = selectors.get_decision(view.id).model_id
    found = client.get(f"/api/v1/scoring/models/{model}/performance").json()
    assert (found["cases"], found["matured"], found["bads"]) == (1, 1, 1)


def test_applications_decided_many_at_once_are_found_as_well(live, decide):
    """One by the single path, one it knows already and one it does not by the many path: all are matched."""
    decide(portfolio.GOOD)
    given = [DecisionIn(application=f"A{n}", inputs=portfolio.GOOD) for n in (1, 2, 3)]
    call = services.new_call(applications=given, client=CLIENT, key="m1", body=b"m", many=True)
    views = services.decide_applications(call=call).decisions
    taken = report(*(told(f"A{n}", days=n) for n in (1, 2, 3)))
    assert (taken.stored, taken.unmatched) == (3, ())
    for n, view in enumerate(views, 1):
        assert [o.days_past_due for o in selectors.outcomes_of_decision(view.id)] == [n]


@pytest.mark.parametrize("at", ["00:30", "12:00", "23:30"])
def test_days_are_those_of_the_bank_at_every_hour(live, decide, model, monkeypatch, at):
    """The day of the decision counts as its first day; the day before it judges nothing."""
    local = datetime.fromisoformat(f"{today() + timedelta(days=1)}T{at}")
    moment = local.replace(tzinfo=ZoneInfo(current_bank().time_zone))
    monkeypatch.setattr(timezone, "now", lambda: moment.astimezone(ZoneInfo("UTC")))
    decide(portfolio.GOOD)
    report(told(days=95, back=1))
    assert selectors.performance_of(str(model.id)).matured == 0
    report(told(days=95, back=0))
    assert selectors.performance_of(str(model.id)).bads == 1


def test_predictions_against_what_happened(live, decide, model):
    """Six good, four bad, one not known yet: counted as such, tested by grade, shown by month."""
    for n in range(11):
        decide(portfolio.GOOD, key=f"k{n}", application=f"A{n}")
    report(*(told(f"A{n}", days=120) for n in range(4)))
    report(*(told(f"A{n}", closed=True) for n in range(4, 10)), told("A10", days=5))
    # Observations of yesterday lie before the decision of today: nothing is judged by them.
    assert selectors.performance_of(str(model.id)).matured == 0
    report(*(told(f"A{n}", days=120, back=0) for n in range(4)))
    report(*(told(f"A{n}", closed=True, back=0) for n in range(4, 10)), told("A10", days=5, back=0))
    found = selectors.performance_of(str(model.id))
    assert (found.cases, found.matured, found.bads, found.open) == (11, 10, 4, 1)
    assert sum(g.bads for g in found.grades) == 4
    assert found.grades[0].jeffreys_p < 0.05
    assert sum(v.cases for v in found.vintages) == 11
    services.set_default_definition(
        days_past_due=121, months=12, use_flag=True, note="Later.", actor=OFFICER
    )
    assert selectors.performance_of(str(model.id)).bads == 0


def test_the_page_shows_what_became_of_it(live, decide, bank_a, staff, model):
    view = decide(portfolio.GOOD)
    report(told(days=95, back=0))
    browser = staff(bank_a, "risk_analyst")
    page = browser.get(f"/admin/scoring/decision/{view.id}/change/").content.decode()
    assert "What became of it" in page
    assert ">95<" in page
    shown = browser.get(f"/admin/scoring/monitoring/{model.id}/").content.decode()
    assert "Jeffreys p" in shown
    assert browser.get("/admin/scoring/default-definition/").status_code == 403
    officer = staff(bank_a, "credit_officer")
    form = {"days_past_due": 60, "months": 6, "note": "Earlier.", "use_flag": "on"}
    assert officer.post("/admin/scoring/default-definition/", form).status_code == 302
    with bank_scope(bank_a):
        assert selectors.definition_in_force().days_past_due == 60
    wrong = officer.post("/admin/scoring/default-definition/", {**form, "months": 99})
    assert "1 to 60 months" in wrong.content.decode()
