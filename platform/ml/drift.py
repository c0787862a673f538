"""How far a population has moved: PSI of a score, CSI of a characteristic, with intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ml.intervals import LEVEL, Estimate, around

EMPTY_CELL = 0.5
BOOTSTRAPS = 400


@dataclass(frozen=True, slots=True)
class Drift:
    """PSI (or CSI) between two counts over the same cells.

    ``noise`` is what 95 of 100 pairs of samples of these sizes from *one* population stay below, so a
    value under it is no evidence of a shift.
    """

    psi: Estimate
    noise: float
    cells: int
    level: str


def psi_of_counts(
    expected: NDArray[np.integer], actual: NDArray[np.integer], *, seed: int
) -> Drift:
    """Population stability index of two count vectors of shape (cells,).

    PSI = sum (a - e) ln(a / e) over cell shares; an empty cell counts as half a row. Bands: below 0.1
    "stable", below 0.25 "watch", else "shifted" (Siddiqi, Credit Risk Scorecards). Noise level:
    (1/n + 1/m) times the chi-square quantile with cells - 1 degrees (Yurdakul and Naranjo, 2020).
    """
    left, right = np.asarray(expected, dtype=np.int64), np.asarray(actual, dtype=np.int64)
    if left.shape != right.shape or left.ndim != 1 or left.sum() <= 0 or right.sum() <= 0:
        raise ValueError("both counts need the same cells and at least one row")
    used = (left + right) > 0
    left, right = left[used], right[used]
    value = float(_psi(left[None, :], right[None, :])[0])
    generator = np.random.Generator(np.random.PCG64(seed))
    drawn_left = generator.multinomial(left.sum(), left / left.sum(), BOOTSTRAPS)
    drawn_right = generator.multinomial(right.sum(), right / right.sum(), BOOTSTRAPS)
    freedom = max(left.size - 1, 1)
    noise = float(stats.chi2.ppf(LEVEL, freedom) * (1.0 / left.sum() + 1.0 / right.sum()))
    return Drift(around(value, _psi(drawn_left, drawn_right)), noise, int(left.size), band(value))


def psi_of_scores(
    expected: NDArray[np.generic], actual: NDArray[np.generic], *, seed: int, groups: int = 10
) -> Drift:
    """PSI of a score over the tenths of the expected sample; equal scores share a cell."""
    left = np.asarray(expected, dtype=np.float64)
    right = np.asarray(actual, dtype=np.float64)
    edges = np.unique(np.quantile(left, np.linspace(0, 1, groups + 1)[1:-1], method="higher"))
    cells = edges.size + 1
    return psi_of_counts(
        np.bincount(np.searchsorted(edges, left), minlength=cells),
        np.bincount(np.searchsorted(edges, right), minlength=cells),
        seed=seed,
    )


def band(value: float) -> str:
    """The trade's usual word for a PSI: stable, watch or shifted."""
    if value < 0.1:
        return "stable"
    return "watch" if value < 0.25 else "shifted"


def _psi(left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.float64]:
    e = np.maximum(left, EMPTY_CELL) / left.sum(axis=1, keepdims=True)
    a = np.maximum(right, EMPTY_CELL) / right.sum(axis=1, keepdims=True)
    return np.asarray(((a - e) * np.log(a / e)).sum(axis=1))
