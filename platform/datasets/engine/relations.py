"""What one column alone says about bad and good: AUC, and what its missing values say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from datasets.engine.reading import Values

BINS = 50
MIN_CASES = 20
MIN_SHARE = 0.5
SMOOTHING = 5.0

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MissingContrast:
    """Bad rates where a column is missing and where it is present, with a two-sided z value."""

    missing_rate: float
    present_rate: float
    missing_rows: int
    z: float


def rank_auc(values: Floats, bad: Floats) -> float | None:
    """Area under the ROC curve of a score for 0/1 outcomes, ties counted half (Mann-Whitney)."""
    n_bad = int(bad.sum())
    n_good = len(bad) - n_bad
    if n_bad == 0 or n_good == 0:
        return None
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    upper = np.cumsum(counts)
    ranks = (upper - counts + 1 + upper) / 2
    rank_sum = float(ranks[inverse][bad == 1].sum())
    return (rank_sum - n_bad * (n_bad + 1) / 2) / (n_bad * n_good)


def numeric_auc(values: Floats, special: NDArray[np.bool_], bad: Floats) -> float | None:
    """How well one numeric column separates, in either direction, 0.5 to 1.

    The greater of two: the rank AUC of the plain values, where these are half of the rows at
    least; and the AUC of bad rates by quantile bin, missing and each special code its own bin,
    rates learnt on one half of the rows and applied to the other, so that chance does not count.
    """
    known = np.isfinite(bad)
    values, special, bad = values[known], special[known], bad[known]
    plain = np.isfinite(values) & ~special
    found: list[float] = []
    if plain.sum() >= max(MIN_CASES, MIN_SHARE * len(values)):
        straight = rank_auc(values[plain], bad[plain])
        if straight is not None and min(bad[plain].sum(), (1 - bad[plain]).sum()) >= MIN_CASES:
            found.append(max(straight, 1 - straight))
    groups = _numeric_groups(values, plain)
    crossed = crossed_auc(groups, bad)
    return max(found, default=None) if crossed is None else max([*found, crossed])


def _numeric_groups(values: Floats, plain: NDArray[np.bool_]) -> NDArray[np.int64]:
    groups = np.zeros(len(values), dtype=np.int64)
    if plain.any():
        edges = np.unique(np.quantile(values[plain], np.linspace(0, 1, BINS + 1)[1:-1]))
        groups[plain] = np.searchsorted(edges, values[plain], side="right")
    rest = ~plain & np.isfinite(values)
    if rest.any():
        _, codes = np.unique(values[rest], return_inverse=True)
        groups[rest] = BINS + 2 + codes
    groups[~np.isfinite(values)] = BINS + 1
    return groups


def category_auc(codes: NDArray[np.int64], bad: Floats) -> float | None:
    """The same for categories given as integer codes (missing a code of its own)."""
    known = np.isfinite(bad)
    return crossed_auc(codes[known], bad[known])


def crossed_auc(groups: NDArray[np.int64], bad: Floats) -> float | None:
    """AUC of smoothed bad rates by group, each half of the rows scored with the other's rates."""
    n_bad = bad.sum()
    if min(n_bad, len(bad) - n_bad) < MIN_CASES:
        return None
    _, groups = np.unique(groups, return_inverse=True)
    size = int(groups.max()) + 1
    half = _halves(bad)
    scores = np.empty(len(bad))
    areas: list[float] = []
    for learn in (half, ~half):
        counts = np.bincount(groups[learn], minlength=size)
        bads = np.bincount(groups[learn], weights=bad[learn], minlength=size)
        rate = bad[learn].mean()
        rates = (bads + SMOOTHING * rate) / (counts + SMOOTHING)
        scores[~learn] = rates[groups[~learn]]
        area = rank_auc(scores[~learn], bad[~learn])
        if area is None:
            return None
        areas.append(area)
    return max(0.5, float(np.mean(areas)))


def _halves(bad: Floats) -> NDArray[np.bool_]:
    """Two halves alike in bads, drawn with a fixed seed."""
    rng = np.random.default_rng(20_240_611)
    half = np.zeros(len(bad), dtype=bool)
    for outcome in (0.0, 1.0):
        rows = rng.permutation(np.flatnonzero(bad == outcome))
        half[rows[: len(rows) // 2]] = True
    return half


def missing_contrast(missing: NDArray[np.bool_], bad: Floats) -> MissingContrast | None:
    """Compare bad rates with and without a value (pooled two-proportion z)."""
    known = np.isfinite(bad)
    missing, bad = missing[known], bad[known]
    n_missing = int(missing.sum())
    n_present = len(bad) - n_missing
    if n_missing == 0 or n_present == 0:
        return None
    with_missing = float(bad[missing].mean())
    with_value = float(bad[~missing].mean())
    pooled = float(bad.mean())
    spread = np.sqrt(pooled * (1 - pooled) * (1 / n_missing + 1 / n_present))
    z = (with_missing - with_value) / spread if spread > 0 else 0.0
    return MissingContrast(with_missing, with_value, n_missing, float(z))


def codes_of(values: Values) -> NDArray[np.int64]:
    """Integer codes of text values; None is code 0."""
    known: dict[object, int] = {None: 0}
    return np.array([known.setdefault(value, len(known)) for value in values], dtype=np.int64)
