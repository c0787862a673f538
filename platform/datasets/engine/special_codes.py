"""Numbers that are codes: -9, 98, 999 standing apart from the rest of a column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NEGATIVE_CODES = (-1, -2, -3, -6, -7, -8, -9, -99, -999, -9999, -99999)
POSITIVE_CODES = (96, 97, 98, 99, 996, 997, 998, 999, 9999, 99999, 999999, 9999999, 99999999)
MIN_REPEATS = 2
APART = 0.7
SPREAD_OF_MINUS_ONE = 10


@dataclass(frozen=True, slots=True)
class CodeProposal:
    """Codes found and how many rows hold them."""

    codes: tuple[int, ...]
    rows: int


def propose_codes(values: NDArray[np.float64]) -> CodeProposal:
    """Look for codes among the finite values of a numeric column.

    Negative ones count when nothing else is negative; positive ones when everything else lies well
    below. A value is proposed only if it occurs twice at least.
    """
    distinct, counts = np.unique(values[np.isfinite(values)], return_counts=True)
    if len(distinct) < 3:
        return CodeProposal((), 0)
    codes = _negative(distinct, counts) | _positive(distinct, counts)
    rows = int(counts[np.isin(distinct, list(codes))].sum())
    return CodeProposal(tuple(sorted(codes)), rows)


def _negative(distinct: NDArray[np.float64], counts: NDArray[np.int64]) -> set[int]:
    below = distinct < 0
    if not below.any() or not np.isin(distinct[below], NEGATIVE_CODES).all():
        return set()
    rest = distinct[~below]
    found = {int(value) for value in distinct[below]}
    if not len(rest) or int(counts[below].sum()) < MIN_REPEATS:
        return set()
    contiguous = found <= {-1, -2, -3} and bool(np.all(rest == np.floor(rest)))
    if contiguous and (len(rest) < 3 or rest.max() - rest.min() < SPREAD_OF_MINUS_ONE):
        return set()
    if len(found) > 1 and found <= {-1, -2, -3} and rest.min() == 0:
        return set()
    return found


def _positive(distinct: NDArray[np.float64], counts: NDArray[np.int64]) -> set[int]:
    candidates = np.isin(distinct, POSITIVE_CODES)
    if not candidates.any():
        return set()
    for start in np.flatnonzero(candidates):
        above, rest = distinct[start:], distinct[:start]
        if not np.isin(above, POSITIVE_CODES).all() or not len(rest):
            continue
        apart = rest.max() < APART * above[0] and len(rest) >= 2
        if apart and int(counts[start:].sum()) >= MIN_REPEATS:
            return {int(value) for value in above}
    return set()
