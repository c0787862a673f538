"""The quotas there are, and which limit is in force for a bank: the plan's, or what was agreed beside it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from tenants.models import Bank, QuotaOverride, UsageRecord
from tenants.months import MonthUse, month_in


@dataclass(frozen=True, slots=True)
class Quota:
    """`monthly` begins anew each month; `standing` is what a bank may have; `piece` bounds one piece of work."""

    code: str
    kind: str
    label: Any


QUOTAS: Mapping[str, Quota] = {
    quota.code: quota
    for quota in (
        Quota("decisions", "monthly", _("decisions a month")),
        Quota("batch_rows", "monthly", _("rows scored in batches a month")),
        Quota("model_runs", "monthly", _("training runs a month")),
        Quota("rows_per_batch", "piece", _("rows of one batch")),
        Quota("storage_bytes", "standing", _("bytes stored")),
        Quota("training_jobs", "standing", _("training jobs at once")),
        Quota("people", "standing", _("people")),
        Quota("api_clients", "standing", _("API clients")),
    )
}


def in_force(bank: Bank, overrides: Iterable[QuotaOverride], moment: datetime) -> dict[str, int]:
    """Limits by quota on the bank's own day; a quota without a limit is left out. Of several the newest counts."""
    today = moment.astimezone(ZoneInfo(bank.time_zone)).date()
    limits = dict(bank.plan.quotas)
    for override in sorted(overrides, key=lambda row: row.created_at):
        if override.ended_at is not None or not _holds(override, today):
            continue
        if override.limit is None:
            limits.pop(override.quota, None)
        else:
            limits[override.quota] = override.limit
    return limits


def _holds(override: QuotaOverride, today: date) -> bool:
    return override.valid_from <= today and (
        override.valid_to is None or today <= override.valid_to
    )


def limits_of(bank: Bank, moment: datetime) -> dict[str, int]:
    """The same, read from the database."""
    return in_force(bank, QuotaOverride.objects.filter(bank=bank, ended_at=None), moment)


def use_of(bank: Bank, moment: datetime) -> MonthUse:
    """What the bank used of its month, as it was counted last. One query."""
    first, begin, end = month_in(bank.time_zone, moment)
    rows = list(UsageRecord.objects.filter(bank=bank, month=first))
    counted = [row.counted_at for row in rows if row.counted_at is not None]
    return MonthUse(
        used={row.meter: row.amount for row in rows},
        counted_at=min(counted) if counted else begin,
        renews_at=end,
    )
