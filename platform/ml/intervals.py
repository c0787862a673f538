"""Estimates with their intervals: a number never travels without what it is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with a two-sided interval at ``level``; ``method`` names how it was found."""

    value: float
    low: float
    high: float
    method: str
    level: float = LEVEL


def normal_quantile(level: float = LEVEL) -> float:
    """Two-sided standard normal quantile, 1.96 at the 95 % level."""
    return float(stats.norm.ppf(0.5 + level / 2.0))


def jeffreys(bads: int, count: int, level: float = LEVEL) -> Estimate:
    """Jeffreys interval of a rate: Beta(bads + 1/2, goods + 1/2), ends closed at 0 and 1.

    Source: Brown, Cai and DasGupta, Interval estimation for a binomial proportion, 2001; it is the
    interval the European Central Bank's validation instructions use for PD backtests.
    """
    if count <= 0:
        return Estimate(0.0, 0.0, 1.0, "jeffreys", level)
    tail = (1.0 - level) / 2.0
    goods = count - bads
    low = 0.0 if bads == 0 else float(stats.beta.ppf(tail, bads + 0.5, goods + 0.5))
    high = 1.0 if goods == 0 else float(stats.beta.ppf(1.0 - tail, bads + 0.5, goods + 0.5))
    return Estimate(bads / count, low, high, "jeffreys", level)


def wilson(bads: int, count: int, level: float = LEVEL) -> Estimate:
    """Wilson score interval of a rate (E. B. Wilson, 1927)."""
    if count <= 0:
        return Estimate(0.0, 0.0, 1.0, "wilson", level)
    z = normal_quantile(level)
    rate = bads / count
    centre = (rate + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * np.sqrt(rate * (1 - rate) / count + z * z / (4 * count**2))
    return Estimate(
        rate, max(0.0, float(centre - half)), min(1.0, float(centre + half)), "wilson", level
    )


def around(
    value: float, replicates: NDArray[np.float64], *, floor: float = 0.0, ceiling: float = np.inf
) -> Estimate:
    """Normal interval around ``value`` with the standard error of bootstrap replicates."""
    half = normal_quantile() * float(np.std(replicates, ddof=1)) if len(replicates) > 1 else 0.0
    return Estimate(value, max(floor, value - half), min(ceiling, value + half), "bootstrap")
