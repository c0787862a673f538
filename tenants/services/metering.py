"""Bringing each bank's use of the month up to date."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from core.clock import now
from core.metering import meters
from core.rounds import BankRound
from core.tenancy import BankContext, bank_scope, public_scope
from tenants.models import Bank, UsageRecord

# A few banks every two seconds: 120 banks come by each minute.
EVERY_SECONDS = 2.0
_round = BankRound(most=4)


def month_of(bank: BankContext, moment: datetime) -> tuple[date, datetime, datetime]:
    """The bank's calendar month a moment falls in: its first day, and its begin and end as moments."""
    zone = ZoneInfo(bank.time_zone)
    local = moment.astimezone(zone)
    first = date(local.year, local.month, 1)
    following = (first + timedelta(days=32)).replace(day=1)
    begin, end = (datetime(day.year, day.month, 1, tzinfo=zone) for day in (first, following))
    return first, begin, end


def meter_banks() -> int:
    """Count the next few active banks' use of their current month. Returns how many banks were counted."""
    banks = _round.next()
    for bank in banks:
        meter_bank(bank, now())
    return len(banks)


def meter_bank(bank: BankContext, moment: datetime) -> dict[str, int]:
    """Count one bank's use of the month of `moment` and keep it; the counts by meter."""
    first, begin, end = month_of(bank, moment)
    with bank_scope(bank):
        counts = {meter.code: meter.count(begin, end) for meter in meters()}
    with public_scope(), transaction.atomic():
        row = Bank.objects.get(schema_name=bank.schema)
        for code, amount in counts.items():
            UsageRecord.objects.update_or_create(
                bank=row, month=first, meter=code, defaults={"amount": amount}
            )
    return counts
