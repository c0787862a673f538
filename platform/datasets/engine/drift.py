"""Population stability against the last load, on the last load's own bins."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from datasets.contracts import ColumnProfile

FLOOR = 1e-4


def psi(expected: Sequence[float], actual: Sequence[float]) -> float:
    """Population stability index of two counts over the same bins, shares floored at 0.0001.

    Sum of (a - e) * ln(a / e) over shares; .1 and .25 are the customary marks.
    """
    first, second = np.asarray(expected, float), np.asarray(actual, float)
    if first.sum() == 0 or second.sum() == 0:
        return 0.0
    e = np.maximum(first / first.sum(), FLOOR)
    a = np.maximum(second / second.sum(), FLOOR)
    return float(np.sum((a - e) * np.log(a / e)))


def numeric_psi(before: ColumnProfile, values: NDArray[np.float64], codes: dict[str, int]) -> float:
    """PSI of plain values on the old edges, with missing and special codes as bins of their own.

    `codes` counts the special codes in the new load; `values` are its plain values, NaN missing.
    """
    names = list(dict.fromkeys([*before.special, *codes]))
    old = [float(before.missing), *(float(before.special.get(name, 0)) for name in names)]
    new = [float(np.isnan(values).sum()), *(float(codes.get(name, 0)) for name in names)]
    if before.counts:
        inner = np.asarray(before.edges[1:-1])
        plain = values[np.isfinite(values)]
        places = np.searchsorted(inner, plain, side="right")
        counts = np.bincount(places, minlength=len(before.counts))
        return psi([*old, *before.counts], [*new, *counts.tolist()])
    return psi(old, new)


def category_psi(before: ColumnProfile, now: dict[str, int], missing: int) -> float:
    """PSI over the old load's most frequent values, all others together, and missing."""
    named = {entry.value: entry.count for entry in before.top}
    others = before.n - before.missing - sum(named.values())
    old = [float(before.missing), float(max(others, 0)), *map(float, named.values())]
    here = [float(now.get(value, 0)) for value in named]
    rest = float(sum(now.values())) - sum(here)
    return psi(old, [float(missing), rest, *here])
