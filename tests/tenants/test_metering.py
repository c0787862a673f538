"""Use is counted per bank and calendar month of its own time zone."""

from datetime import UTC, date, datetime, timedelta

import pytest

from core import metering
from core.tenancy import public_scope
from tenants.models import UsageRecord
from tenants.selectors import bank_overviews
from tenants.services import meter_bank, month_of


def test_month_is_the_banks_own(bank_a, bank_b):
    moment = datetime(2026, 2, 28, 17, 0, tzinfo=UTC)
    assert month_of(bank_a, moment)[0] == date(2026, 3, 1)
    assert month_of(bank_b, moment)[0] == date(2026, 2, 1)


def test_month_with_a_clock_change_has_an_hour_less_or_more(bank_b):
    _, begin, end = month_of(bank_b, datetime(2026, 3, 10, tzinfo=UTC))
    assert end.astimezone(UTC) - begin.astimezone(UTC) == timedelta(days=31, hours=-1)
    _, begin, end = month_of(bank_b, datetime(2028, 2, 29, 12, tzinfo=UTC))
    assert (end - begin).days == 29


@pytest.fixture
def only_meter(monkeypatch):
    seen = []
    monkeypatch.setattr(metering, "_meters", {})
    monkeypatch.setattr(metering, "_standing", {})
    metering.register_meter(
        metering.Meter("decisions", lambda begin, end: seen.append((begin, end)) or 7 * len(seen))
    )
    return seen


def test_use_is_replaced_not_added_and_shown_beside_its_quota(bank_a, only_meter):
    moment = datetime(2026, 11, 3, tzinfo=UTC)
    assert meter_bank(bank_a, moment) == {"decisions": 7}
    assert meter_bank(bank_a, moment) == {"decisions": 14}
    with public_scope():
        assert UsageRecord.objects.get(bank__slug="alpha").amount == 14
        alpha, beta = bank_overviews()
        assert [(u.meter, u.amount, u.quota) for u in alpha.usage] == [
            ("decisions", 14, 10_000_000)
        ]
        assert beta.usage == ()
