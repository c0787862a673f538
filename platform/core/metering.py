"""Counting use, and holding it to the bank's quotas.

Use is derived from the bank's own rows, never counted beside them: a module registers how to count, the keeper asks
each bank in turn (every five seconds a bank near a limit). On the way of a decision nothing is asked: a process
adds what it admitted since the last count to that count, which the bank directory brings when it reads the bank anew.
"""

import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from core.clock import now
from core.errors import QuotaExceeded, QuotaReached
from core.tenancy import BankContext, current_bank, current_context

# What was admitted this long before a count may not have been in it yet: its transaction was still open.
IN_FLIGHT_SECONDS = 2.0
# From this share of a limit on the bank is told.
WARN_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Meter:
    """`count(begin, end)` gives the use in [begin, end), run in the bank's scope. `code` is also the quota's name."""

    code: str
    count: Callable[[datetime, datetime], int]


@dataclass(frozen=True, slots=True)
class StandingMeter:
    """What a bank has now, whatever the month: `count()` in the bank's scope. Several of one code are added up."""

    code: str
    count: Callable[[], int]


_meters: dict[str, Meter] = {}
_standing: dict[tuple[str, str], StandingMeter] = {}


def register_meter(meter: Meter) -> None:
    _meters[meter.code] = meter


def meters() -> list[Meter]:
    return list(_meters.values())


def register_standing(owner: str, meter: StandingMeter) -> None:
    """`owner` names the module, so that several may add to one code."""
    _standing[owner, meter.code] = meter


def standing_codes() -> frozenset[str]:
    return frozenset(code for _, code in _standing)


def standing_use(code: str) -> int:
    """What the bank in force has now of a standing thing."""
    return sum(meter.count() for (_, each), meter in _standing.items() if each == code)


@dataclass(slots=True)
class _Since:
    """What this process admitted of one thing for one bank, by the second, since the last count."""

    moments: deque[tuple[float, int]] = field(default_factory=deque)
    total: int = 0

    def drop_before(self, moment: float) -> None:
        while self.moments and self.moments[0][0] < moment:
            self.total -= self.moments.popleft()[1]

    def add(self, moment: float, number: int) -> None:
        second = math.floor(moment)
        if self.moments and self.moments[-1][0] == second:
            number_before = self.moments.pop()[1]
            self.moments.append((second, number_before + number))
        else:
            self.moments.append((second, number))
        self.total += number


_lock = Lock()
_since: dict[tuple[str, str], _Since] = {}


def admit(code: str, number: int = 1) -> None:
    """Let `number` more of a monthly thing happen, or raise `QuotaExceeded`; asks nothing of the database.

    The bound: what all other processes admitted since the last count is not seen here, so at most what the bank's
    calls make in the time between two counts (a minute, five seconds near the limit, and three for the directory) goes
    beyond the limit.
    """
    bank = current_bank()
    limit = bank.limits.get(code)
    if limit is None:
        return
    moment = now()
    base, counted_at = bank.used.get(code, 0), bank.counted_at
    if bank.renews_at is not None and moment >= bank.renews_at:
        # The month is over and the directory has not yet said so.
        base, counted_at = 0, bank.renews_at
    with _lock:
        since = _since.setdefault((bank.schema, code), _Since())
        if counted_at is not None:
            since.drop_before(counted_at.timestamp() - IN_FLIGHT_SECONDS)
        used = base + since.total
        if used + number <= limit:
            since.add(moment.timestamp(), number)
            return
    raise exceeded(bank, code, used=used, limit=limit, asked=number)


def exceeded(
    bank: BankContext, code: str, *, used: int, limit: int, asked: int = 1
) -> QuotaExceeded:
    """The refusal of a monthly quota: what, how much, and when it begins anew."""
    renews = bank.renews_at
    wait = max(1, int((renews - now()).total_seconds())) if renews else None
    return QuotaExceeded(
        f"The quota {code} is used up: {used:,} of {limit:,} this month, {asked:,} more asked for.",
        retry_after=wait,
        members=_members(code, used, limit, asked, renews),
    )


def require_room(code: str, number: int = 1) -> None:
    """Raise `QuotaReached` when the bank in force would have more of a standing thing than its quota.

    Counts now: for what people and systems do now and then, never on the way of a decision.
    """
    limit = _limit(code)
    if limit is None:
        return
    used = standing_use(code)
    if used + number > limit:
        raise reached(code, used=used, limit=limit, asked=number)


def require_at_most(code: str, number: int) -> None:
    """Raise `QuotaReached` when one piece of work is larger than the quota allows."""
    limit = _limit(code)
    if limit is not None and number > limit:
        raise reached(code, used=0, limit=limit, asked=number)


def _limit(code: str) -> int | None:
    """The quota of the bank in force; the platform itself has none."""
    context = current_context()
    return context.limits.get(code) if isinstance(context, BankContext) else None


def reached(code: str, *, used: int, limit: int, asked: int = 1) -> QuotaReached:
    """The refusal of a standing quota: it does not renew."""
    return QuotaReached(
        f"The quota {code} allows {limit:,}: {used:,} are used, {asked:,} more asked for.",
        members=_members(code, used, limit, asked, None),
    )


def _members(
    code: str, used: int, limit: int, asked: int, renews: datetime | None
) -> Mapping[str, object]:
    return {
        "quota": code,
        "used": used,
        "limit": limit,
        "asked": asked,
        "renews_at": renews.isoformat() if renews else None,
    }


def forget() -> None:
    """Drop what this process counted."""
    with _lock:
        _since.clear()
