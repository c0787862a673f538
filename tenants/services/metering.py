"""Bringing each bank's use of the month up to date; more often where a limit is near."""

from datetime import date, datetime

from django.db import connection, transaction

from core.clock import now
from core.metering import meters, standing_codes, standing_use
from core.rounds import BankRound
from core.tenancy import BankContext, bank_directory, bank_scope, public_scope
from tenants.models import Bank, UsageRecord
from tenants.months import month_in

# A few banks every two seconds: 120 banks come by each minute.
EVERY_SECONDS = 2.0
_round = BankRound(most=4)
NEAR_SECONDS = 5.0
# From this share of a limit on a bank is counted every `NEAR_SECONDS`.
NEAR_SHARE = 0.9


def month_of(bank: BankContext, moment: datetime) -> tuple[date, datetime, datetime]:
    """The bank's calendar month a moment falls in: its first day, and its begin and end as moments."""
    return month_in(bank.time_zone, moment)


def meter_banks() -> int:
    """Count the next few active banks' use of their current month. Returns how many banks were counted."""
    banks = _round.next()
    for bank in banks:
        meter_bank(bank, now())
    return len(banks)


def meter_near_limits() -> int:
    """Count the banks that have used nearly all of something, so that they stop close to their limit."""
    with public_scope(), connection.cursor() as cursor:
        cursor.execute(_NEAR, [NEAR_SHARE])
        near = {row[0] for row in cursor.fetchall()}
    if not near:
        return 0
    banks = [bank_directory().by_schema(schema) for schema in sorted(near)]
    for bank in banks:
        meter_bank(bank, now())
    return len(banks)


def meter_bank(bank: BankContext, moment: datetime) -> dict[str, int]:
    """Count one bank's use of the month of `moment`, and what it has now, and keep it; the counts by meter."""
    first, begin, end = month_of(bank, moment)
    counted_at = now()
    with bank_scope(bank):
        counts = {meter.code: meter.count(begin, end) for meter in meters()}
        counts |= {code: standing_use(code) for code in sorted(standing_codes())}
    with public_scope(), transaction.atomic():
        row = Bank.objects.get(schema_name=bank.schema)
        for code, amount in counts.items():
            UsageRecord.objects.update_or_create(
                bank=row,
                month=first,
                meter=code,
                defaults={"amount": amount, "counted_at": counted_at},
            )
    return counts


# LEAST passes over a missing number: without plan quota and override there is no limit to be near to.
_NEAR = """
SELECT DISTINCT b.schema_name
FROM tenants_usagerecord u
JOIN tenants_bank b ON b.id = u.bank_id AND b.state = 'active'
JOIN tenants_plan p ON p.id = b.plan_id
LEFT JOIN tenants_quotaoverride o ON o.bank_id = b.id AND o.quota = u.meter AND o.ended_at IS NULL
WHERE u.month >= date_trunc('month', now() - interval '1 day')::date
    AND u.amount >= %s * LEAST((p.quotas ->> u.meter)::numeric, o."limit")
"""
