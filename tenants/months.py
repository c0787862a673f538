"""A bank's calendar months, in its own time zone, and the use of one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class MonthUse:
    """Use by meter as counted at `counted_at` (None before the first count); the month ends at `renews_at`."""

    used: Mapping[str, int] = field(default_factory=dict)
    counted_at: datetime | None = None
    renews_at: datetime | None = None


def month_in(zone_name: str, moment: datetime) -> tuple[date, datetime, datetime]:
    """The calendar month a moment falls in: its first day, and its begin and end as moments."""
    zone = ZoneInfo(zone_name)
    local = moment.astimezone(zone)
    first = date(local.year, local.month, 1)
    following = (first + timedelta(days=32)).replace(day=1)
    begin, end = (datetime(day.year, day.month, 1, tzinfo=zone) for day in (first, following))
    return first, begin, end
