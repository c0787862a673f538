"""What became of a case, as far as its observations tell: bad, good, or not known yet."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Result(StrEnum):
    """`OPEN`: the window has not passed, or nothing was reported to its end."""

    BAD = "bad"
    GOOD = "good"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class DefaultRule:
    """Default: at least `days_past_due` within `months` of the decision, or the bank's own flag when `use_flag`."""

    days_past_due: int = 90
    months: int = 12
    use_flag: bool = True


@dataclass(frozen=True, slots=True)
class Observed:
    """How a case stood on a day; the newest word for that day."""

    as_of: date
    days_past_due: int
    in_default: bool = False
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Performance:
    """The result, and the months on book at which the first default was seen (None without one)."""

    result: Result
    default_month: int | None = None
    seen_months: int = 0


def add_months(day: date, months: int) -> date:
    """The same day `months` later, or the last of that month where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def months_between(start: date, end: date) -> int:
    """Whole months from `start` to `end`, negative before it."""
    whole = (end.year - start.year) * 12 + end.month - start.month
    return whole if add_months(start, whole) <= end else whole - 1


def performance(
    decided: date, observations: Sequence[Observed], rule: DefaultRule, *, today: date
) -> Performance:
    """Judge one case. What was seen before the decision or after the window does not count.

    A bad case is bad as soon as it is seen; a good one is good only when it was reported to the window's end, or was
    closed before: so late cohorts are not made to look better by cases that had no time to go bad.
    """
    end = add_months(decided, rule.months)
    inside = sorted(
        (o for o in observations if decided <= o.as_of <= min(end, today)), key=lambda o: o.as_of
    )
    seen = months_between(decided, inside[-1].as_of) if inside else 0
    for each in inside:
        if each.days_past_due >= rule.days_past_due or (rule.use_flag and each.in_default):
            return Performance(Result.BAD, months_between(decided, each.as_of) + 1, seen)
        if each.closed:
            return Performance(Result.GOOD, None, rule.months)
    reported = any(end <= o.as_of <= today for o in observations)
    if reported:
        return Performance(Result.GOOD, None, rule.months)
    return Performance(Result.OPEN, None, seen)


@dataclass(frozen=True, slots=True)
class Vintage:
    """Cases decided in one month: cumulative share in default by months on book, None where not all were seen.

    `counts` are the cases followed that long: a case leaves the count only before its first missing month.
    """

    month: str
    cases: int
    rates: tuple[float | None, ...]
    counts: tuple[int, ...]


def vintages(
    cases: Sequence[tuple[date, Performance]], months: int, *, fewest: int = 1
) -> tuple[Vintage, ...]:
    """Cohorts by month of decision, compared at the same months on book (1 to `months`)."""
    cohorts: dict[str, list[Performance]] = {}
    for decided, found in cases:
        cohorts.setdefault(f"{decided:%Y-%m}", []).append(found)
    return tuple(_vintage(month, cohorts[month], months, fewest) for month in sorted(cohorts))


def _vintage(month: str, members: Sequence[Performance], months: int, fewest: int) -> Vintage:
    rates: list[float | None] = []
    counts: list[int] = []
    for age in range(1, months + 1):
        known = [
            p
            for p in members
            if p.seen_months >= age or (p.default_month is not None and p.default_month <= age)
        ]
        bads = sum(1 for p in known if p.default_month is not None and p.default_month <= age)
        counts.append(len(known))
        rates.append(bads / len(known) if len(known) >= fewest else None)
    return Vintage(month, len(members), tuple(rates), tuple(counts))
