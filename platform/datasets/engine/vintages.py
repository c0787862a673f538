"""Time in a dataset: how fresh it is, which months lack, and whether late months look too good."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from datasets.contracts import ColumnContract, Finding, Vintage
from datasets.engine.findings import finding

FRESH_DAYS = 31
STALE_DAYS = 365
FEW_MONTHS = 6
ENOUGH = 100
LATE_Z = 3.0
LATE_RATIO = 0.8
THIN_RATIO = 0.6
SHOWN_MONTHS = 6


def vintages(days: NDArray[np.datetime64], bad: NDArray[np.float64] | None) -> tuple[Vintage, ...]:
    """Rows, resolved rows and bads by calendar month; `bad` is 1, 0 or NaN, length n."""
    present = ~np.isnat(days)
    months, places = np.unique(days[present].astype("datetime64[M]"), return_inverse=True)
    counts = np.bincount(places, minlength=len(months))
    outcome = np.full(len(places), np.nan) if bad is None else bad[present]
    known = np.isfinite(outcome)
    resolved = np.bincount(places[known], minlength=len(months))
    bads = np.bincount(places[known], weights=outcome[known], minlength=len(months))
    return tuple(
        Vintage(month=str(month), n=int(n), resolved=int(r), bads=int(b))
        for month, n, r, b in zip(months, counts, resolved, bads, strict=True)
    )


def timeliness(newest: dt.date, as_of: dt.date) -> float:
    """1 up to a month old, falling evenly to 0 at a year."""
    age = (as_of - newest).days
    return float(min(1.0, max(0.0, 1 - (age - FRESH_DAYS) / (STALE_DAYS - FRESH_DAYS))))


def time_findings(
    days: NDArray[np.datetime64],
    table: tuple[Vintage, ...],
    column: ColumnContract,
    as_of: dt.date,
) -> Iterator[Finding]:
    """Future dates, old data, missing months, right-censoring."""
    future = int((days > np.datetime64(as_of)).sum())
    if future:
        yield finding("future_dates", column=column.name, n=future, as_of=as_of.isoformat())
    past = days[~np.isnat(days) & (days <= np.datetime64(as_of))]
    if len(past):
        newest = past.max().item()
        age = (as_of - newest).days
        if age > FRESH_DAYS:
            yield finding(
                "stale_data", newest=newest.isoformat(), days=age, as_of=as_of.isoformat()
            )
    gaps = _gaps(table)
    if gaps:
        shown = ", ".join(gaps[:SHOWN_MONTHS]) + (" …" if len(gaps) > SHOWN_MONTHS else "")
        yield finding("missing_months", column=column.name, months=shown)
    yield from _censoring(table)


def _gaps(table: tuple[Vintage, ...]) -> list[str]:
    if len(table) < 2:
        return []
    every = np.arange(np.datetime64(table[0].month), np.datetime64(table[-1].month))
    if len(every) > 10 * len(table) + 24:
        return []
    present = {vintage.month for vintage in table}
    return [str(month) for month in every if str(month) not in present]


def _censoring(table: tuple[Vintage, ...]) -> Iterator[Finding]:
    """Compare the last quarter of the months with those before."""
    if len(table) < FEW_MONTHS:
        return
    cut = len(table) - max(2, len(table) // 4)
    early, late = table[:cut], table[cut:]
    months = f"{late[0].month} … {late[-1].month}"
    n_early, n_late = sum(v.resolved for v in early), sum(v.resolved for v in late)
    if min(n_early, n_late) >= ENOUGH:
        yield from _better_late(early, late, months)
    mean_early = float(np.mean([v.n for v in early]))
    mean_late = float(np.mean([v.n for v in late]))
    if mean_late < THIN_RATIO * mean_early and sum(v.n for v in early) >= ENOUGH:
        yield finding("vintages_thin_out", months=months, late=mean_late, early=mean_early)


def _better_late(
    early: tuple[Vintage, ...], late: tuple[Vintage, ...], months: str
) -> Iterator[Finding]:
    n_early, n_late = sum(v.resolved for v in early), sum(v.resolved for v in late)
    early_rate = sum(v.bads for v in early) / n_early
    late_rate = sum(v.bads for v in late) / n_late
    pooled = (early_rate * n_early + late_rate * n_late) / (n_early + n_late)
    spread = np.sqrt(pooled * (1 - pooled) * (1 / n_early + 1 / n_late))
    certain = spread > 0 and (late_rate - early_rate) / spread < -LATE_Z
    if certain and late_rate < LATE_RATIO * early_rate:
        yield finding("right_censoring", months=months, late_rate=late_rate, early_rate=early_rate)
