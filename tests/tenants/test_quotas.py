"""Quotas: what is in force for a bank, what they refuse and how, and that a decision asks nothing for it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from accounts.models import User
from accounts.services import create_client, invite_person
from core import metering
from core.actors import Actor, system_actor
from core.clock import now
from core.errors import InvalidInput, QuotaExceeded, QuotaReached
from core.problem import error_response
from core.tenancy import bank_scope, public_scope
from tenants import selectors, services
from tenants.directory import directory
from tenants.models import Bank, Plan, QuotaOverride, UsageRecord
from tenants.months import month_in
from tenants.quotas import in_force
from tests.sign_in import ops_browser

OPERATOR = Actor(kind="user", id="1", label="olga@p.test", roles=frozenset({"operator"}))
MOMENT = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _fresh():
    metering.forget()
    directory.forget()
    yield
    metering.forget()
    directory.forget()


def limited(bank, **limits):
    """Alpha's context as the directory gives it, with these limits agreed."""
    with public_scope():
        for quota, limit in limits.items():
            services.grant_override(
                slug="alpha", quota=quota, limit=limit, reason="test", actor=OPERATOR,
                valid_from=date(2020, 1, 1),
            )  # fmt: skip
    directory.forget()
    return directory.by_schema(bank.schema)


def count_now(bank, **use):
    with public_scope():
        first, _, _ = month_in(bank.time_zone, now())
        for meter, amount in use.items():
            UsageRecord.objects.update_or_create(
                bank=Bank.objects.get(schema_name=bank.schema), month=first, meter=meter,
                defaults={"amount": amount, "counted_at": now()},
            )  # fmt: skip
    directory.forget()
    return directory.by_schema(bank.schema)


def override(quota: str, limit: int | None, begin: date, end: date | None = None, **more):
    return QuotaOverride(
        quota=quota, limit=limit, valid_from=begin, valid_to=end, created_at=MOMENT, **more
    )


def test_dates_of_an_override_are_the_banks_own_days(bank_a):
    with public_scope():
        bank = Bank.objects.select_related("plan").get(slug="alpha")
    plan = bank.plan.quotas["decisions"]
    # 23:30 UTC on the 20th is the 21st in Shanghai.
    for begin, end, expected in (
        (date(2026, 11, 21), None, 5),
        (date(2026, 11, 22), None, plan),
        (date(2026, 11, 1), date(2026, 11, 20), plan),
        (date(2026, 11, 1), date(2026, 11, 21), 5),
    ):
        assert (
            in_force(bank, [override("decisions", 5, begin, end)], MOMENT)["decisions"] == expected
        )
    ended = override("decisions", 5, date(2026, 11, 1), ended_at=MOMENT)
    assert in_force(bank, [ended], MOMENT)["decisions"] == plan
    assert "decisions" not in in_force(
        bank, [override("decisions", None, date(2026, 1, 1))], MOMENT
    )


def test_admission_counts_on_from_the_last_count_and_stops_at_the_limit(bank_a):
    limited(bank_a, decisions=10)
    bank = count_now(bank_a, decisions=7)
    # What is younger than the count and could not be in it is added; here nothing was admitted before.
    with bank_scope(bank):
        metering.admit("decisions", 2)
        metering.admit("decisions")
        with pytest.raises(QuotaExceeded) as caught:
            metering.admit("decisions")
    error = caught.value
    assert error.status == 429
    assert {k: error.members[k] for k in ("quota", "used", "limit", "asked")} == {
        "quota": "decisions", "used": 10, "limit": 10, "asked": 1,
    }  # fmt: skip
    assert error.members["renews_at"] == bank.renews_at.isoformat()
    left = (bank.renews_at - now()).total_seconds()
    assert abs(error.retry_after - left) < 5


def test_what_a_count_holds_already_is_not_added_twice(bank_a, monkeypatch):
    limited(bank_a, decisions=10)
    bank = replace(count_now(bank_a, decisions=0), counted_at=now() - timedelta(minutes=1))
    with bank_scope(bank), monkeypatch.context() as then:
        then.setattr(metering, "now", lambda: now() - timedelta(seconds=20))
        metering.admit("decisions", 9)
    later = replace(bank, used={"decisions": 9}, counted_at=now())
    with bank_scope(later):
        metering.admit("decisions")
        with pytest.raises(QuotaExceeded):
            metering.admit("decisions")


def test_the_month_begins_anew_without_waiting_for_a_count(bank_a):
    bank = replace(
        limited(bank_a, decisions=10),
        used={"decisions": 10},
        counted_at=now() - timedelta(seconds=30),
        renews_at=now() - timedelta(seconds=1),
    )
    with bank_scope(bank):
        metering.admit("decisions", 10)


def test_admission_asks_the_database_nothing(bank_a, django_assert_num_queries):
    bank = limited(bank_a, decisions=10)
    with bank_scope(bank), django_assert_num_queries(0):
        metering.admit("decisions")


def test_refusal_is_a_problem_document_with_quota_used_limit_and_renewal(bank_a, rf):
    bank = count_now(limited(bank_a, decisions=1), decisions=1)
    with bank_scope(bank), pytest.raises(QuotaExceeded) as caught:
        metering.admit("decisions")
    answer = error_response(rf.get("/api/v1/scoring/decisions"), caught.value)
    assert (answer.status_code, answer["Content-Type"]) == (429, "application/problem+json")
    assert int(answer["Retry-After"]) > 0
    assert b'"quota":"decisions"' in answer.content
    assert b'"renews_at":"' in answer.content


def test_people_and_clients_have_a_standing_quota(bank_a):
    with bank_scope(bank_a):
        people = User.objects.filter(is_active=True).count()
    bank = limited(bank_a, people=people + 1, api_clients=1)
    system = system_actor("test")

    def invite(number: int) -> None:
        invite_person(
            email=f"p{number}@alpha.test", name="P", roles=["risk_analyst"], actor=system,
            base_url="http://x",
        )  # fmt: skip

    with bank_scope(bank):
        invite(1)
        with pytest.raises(QuotaReached, match="people") as caught:
            invite(2)
        create_client(name="one", scopes=[], actor=system)
        with pytest.raises(QuotaReached, match="api_clients"):
            create_client(name="two", scopes=[], actor=system)
    assert (caught.value.status, caught.value.code) == (403, "quota_reached")
    assert caught.value.members["renews_at"] is None


def test_the_other_bank_keeps_its_own_limits(bank_a, bank_b):
    limited(bank_a, decisions=0)
    with bank_scope(directory.by_schema(bank_a.schema)), pytest.raises(QuotaExceeded):
        metering.admit("decisions")
    with bank_scope(directory.by_schema(bank_b.schema)):
        metering.admit("decisions")


def test_wrong_overrides_are_named(bank_a):
    with public_scope(), pytest.raises(InvalidInput) as caught:
        services.grant_override(
            slug="alpha", quota="gold", limit=-1, reason=" ", actor=OPERATOR,
            valid_from=date(2026, 2, 1), valid_to=date(2026, 1, 1),
        )  # fmt: skip
    assert {e.pointer for e in caught.value.errors} == {"/quota", "/reason", "/valid_to"}
    with public_scope(), pytest.raises(InvalidInput) as caught:
        services.change_plan_quotas(
            code="full", quotas={"decisions": True, "gold": 1}, actor=OPERATOR
        )
    assert {e.pointer for e in caught.value.errors} == {"/quotas/decisions", "/quotas/gold"}
    with public_scope():
        assert Plan.objects.get(code="full").quotas["decisions"] == 10_000_000


def test_bank_is_warned_from_eighty_percent_and_sees_its_use(bank_a, staff):
    limited(bank_a, decisions=100)
    count_now(bank_a, decisions=79)
    browser = staff(bank_a, "bank_admin")
    assert "Nearly used up" not in browser.get("/admin/").content.decode()
    count_now(bank_a, decisions=80)
    overview = browser.get("/admin/").content.decode()
    assert "Nearly used up" in overview
    assert "80 / 100" in overview
    page = browser.get("/admin/use/").content.decode()
    assert "agreed beside the plan" in page
    assert "<svg" in page
    lines = {line.code: line for line in selectors.quota_lines(bank_a.schema)}
    assert (lines["decisions"].percent, lines["decisions"].warns) == (80, True)
    assert lines["storage_bytes"].renews_at is None


def test_banks_near_a_limit_are_counted_more_often(bank_a, bank_b, monkeypatch):
    limited(bank_a, decisions=100)
    counted = []
    monkeypatch.setattr(
        "tenants.services.metering.meter_bank", lambda bank, moment: counted.append(bank.schema)
    )
    count_now(bank_a, decisions=89)
    services.meter_near_limits()
    assert counted == []
    count_now(bank_a, decisions=90)
    services.meter_near_limits()
    assert counted == [bank_a.schema]


def test_operator_grants_and_ends_a_quota_on_the_console(db, bank_a):
    with public_scope():
        user = User.objects.create(email="op@panorama.test", name="Olga", roles=["operator"])
        pk = Bank.objects.get(slug="alpha").pk
    operator = ops_browser(user)
    form = {"quota": "decisions", "limit": "7", "valid_from": "2020-01-01", "reason": "a pilot"}
    done = operator.post(f"/admin/tenants/bank/{pk}/quota/", form, follow=True)
    assert "Granted" in done.content.decode()
    directory.forget()
    assert directory.by_schema(bank_a.schema).limits["decisions"] == 7
    with public_scope():
        granted = QuotaOverride.objects.get()
    assert "a pilot" in operator.get("/admin/tenants/quotaoverride/").content.decode()
    address = f"/admin/tenants/quotaoverride/{granted.pk}/end/"
    assert "Ended" in operator.post(address, {"reason": "over"}, follow=True).content.decode()
    directory.forget()
    assert directory.by_schema(bank_a.schema).limits["decisions"] == 10_000_000
