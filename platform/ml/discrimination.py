"""How well a risk measure separates bad from good: AUC, Gini, KS, ROC, gains.

Everywhere ``y`` is 1 for bad and 0 for good, shape (n,), and ``risk`` is higher for the riskier, shape
(n,), finite. Points run the other way: pass their negative.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ml.intervals import LEVEL, Estimate, around, normal_quantile

Floats = NDArray[np.float64]
BOOTSTRAPS = 400
BOOTSTRAP_CELLS = 1000


class MetricError(ValueError):
    """A figure cannot be computed: lengths differ, values are not finite, or one outcome only."""


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One point of a curve: threshold on risk, share of goods and share of bads above it."""

    threshold: float
    goods: float
    bads: float


@dataclass(frozen=True, slots=True)
class GainsRow:
    """A tenth of the rows, riskiest first; ``lift`` is the bad rate over the overall bad rate."""

    group: int
    count: int
    bads: int
    bad_rate: float
    cumulative_share: float
    cumulative_bads: float
    lift: float
    cumulative_lift: float


def checked(y: NDArray[np.generic], risk: NDArray[np.generic]) -> tuple[NDArray[np.bool_], Floats]:
    """The two as flags and float64. Raises MetricError unless both outcomes are there."""
    flags = np.asarray(y) == 1
    values = np.asarray(risk, dtype=np.float64)
    if flags.shape != values.shape or flags.ndim != 1:
        raise MetricError("outcome and risk must be one-dimensional and of one length")
    if not np.isfinite(values).all():
        raise MetricError("risk must be finite")
    if not flags.any() or flags.all():
        raise MetricError("both outcomes must occur")
    return flags, values


def auc(y: NDArray[np.generic], risk: NDArray[np.generic]) -> float:
    """Area under the ROC curve, ties counted half (Mann-Whitney)."""
    flags, values = checked(y, risk)
    ranks = stats.rankdata(values)
    bads = int(flags.sum())
    goods = flags.size - bads
    return float((ranks[flags].sum() - bads * (bads + 1) / 2.0) / bads / goods)


def auc_interval(
    y: NDArray[np.generic], risk: NDArray[np.generic], level: float = LEVEL
) -> Estimate:
    """AUC with DeLong's variance, the interval taken on the logit scale.

    Source: DeLong, DeLong and Clarke-Pearson, 1988; midranks by Sun and Xu, 2014.
    """
    flags, values = checked(y, risk)
    bad, good = values[flags], values[~flags]
    m, n = bad.size, good.size
    ranks = stats.rankdata(np.concatenate([bad, good]))
    value = float((ranks[:m].sum() - m * (m + 1) / 2.0) / m / n)
    placement_bad = (ranks[:m] - stats.rankdata(bad)) / n
    placement_good = 1.0 - (ranks[m:] - stats.rankdata(good)) / m
    variance = _variance(placement_bad) / m + _variance(placement_good) / n
    if variance <= 0.0 or value in {0.0, 1.0}:
        return Estimate(value, value, value, "delong", level)
    centre = np.log(value / (1.0 - value))
    half = normal_quantile(level) * np.sqrt(variance) / (value * (1.0 - value))
    low, high = 1.0 / (1.0 + np.exp(-(centre - half))), 1.0 / (1.0 + np.exp(-(centre + half)))
    return Estimate(value, float(low), float(high), "delong", level)


def gini_of(area: Estimate) -> Estimate:
    """Gini (accuracy ratio, Somers' D) from an AUC estimate: 2 AUC - 1."""
    low, high = 2.0 * area.low - 1.0, 2.0 * area.high - 1.0
    return Estimate(2.0 * area.value - 1.0, low, high, area.method, area.level)


def ks(y: NDArray[np.generic], risk: NDArray[np.generic]) -> float:
    """Kolmogorov-Smirnov distance between the risk of bads and of goods, 0 to 1."""
    flags, values = checked(y, risk)
    _, bads, goods = _by_value(flags, values)
    return float(_distance(bads[None, :], goods[None, :])[0])


def ks_interval(y: NDArray[np.generic], risk: NDArray[np.generic], *, seed: int) -> Estimate:
    """KS with a stratified bootstrap's standard error; the same seed gives the same interval.

    Bads and goods are drawn again separately as multinomial counts over the distinct risks, merged
    into at most 1,000 cells of neighbours.
    """
    flags, values = checked(y, risk)
    _, bads, goods = _by_value(flags, values)
    value = float(_distance(bads[None, :], goods[None, :])[0])
    cells = np.unique(np.linspace(0, bads.size, BOOTSTRAP_CELLS + 1).astype(np.int64)[:-1])
    cell_bads, cell_goods = np.add.reduceat(bads, cells), np.add.reduceat(goods, cells)
    generator = np.random.Generator(np.random.PCG64(seed))
    drawn_bads = generator.multinomial(bads.sum(), cell_bads / bads.sum(), BOOTSTRAPS)
    drawn_goods = generator.multinomial(goods.sum(), cell_goods / goods.sum(), BOOTSTRAPS)
    return around(value, _distance(drawn_bads, drawn_goods), ceiling=1.0)


def roc_points(
    y: NDArray[np.generic], risk: NDArray[np.generic], limit: int = 101
) -> tuple[CurvePoint, ...]:
    """The ROC curve, riskiest first, thinned to about ``limit`` points; both ends are kept.

    The point of the largest distance (KS) is always one of them.
    """
    flags, values = checked(y, risk)
    distinct, bads, goods = _by_value(flags, values)
    thresholds = distinct[::-1]
    above_bads = np.cumsum(bads[::-1]) / bads.sum()
    above_goods = np.cumsum(goods[::-1]) / goods.sum()
    kept = np.unique(
        np.append(
            np.linspace(0, thresholds.size - 1, min(limit, thresholds.size)).astype(np.int64),
            int(np.argmax(np.abs(above_bads - above_goods))),
        )
    )
    points = (
        CurvePoint(float(thresholds[i]), float(above_goods[i]), float(above_bads[i])) for i in kept
    )
    return (CurvePoint(float(thresholds[0]) + 1.0, 0.0, 0.0), *points)


def gains_table(
    y: NDArray[np.generic], risk: NDArray[np.generic], groups: int = 10
) -> tuple[GainsRow, ...]:
    """Gains and lift by group of risk, riskiest first; equal risks are never parted."""
    flags, values = checked(y, risk)
    place = groups - 1 - quantile_groups(values, groups)
    rows, seen, seen_bads = [], 0, 0
    overall, total = float(flags.mean()), int(flags.sum())
    for group in np.unique(place):
        inside = place == group
        count, bads = int(inside.sum()), int(flags[inside].sum())
        seen, seen_bads = seen + count, seen_bads + bads
        rows.append(
            GainsRow(
                group=int(group) + 1,
                count=count,
                bads=bads,
                bad_rate=bads / count,
                cumulative_share=seen / flags.size,
                cumulative_bads=seen_bads / total,
                lift=bads / count / overall,
                cumulative_lift=seen_bads / seen / overall,
            )
        )
    return tuple(rows)


def quantile_groups(values: Floats, groups: int) -> NDArray[np.int64]:
    """Group 0..groups-1 of each value by the middle of its rank; equal values share a group."""
    middle = (stats.rankdata(values) - 0.5) / values.size
    return np.minimum((middle * groups).astype(np.int64), groups - 1)


def _by_value(
    flags: NDArray[np.bool_], values: Floats
) -> tuple[Floats, NDArray[np.int64], NDArray[np.int64]]:
    distinct, place = np.unique(values, return_inverse=True)
    counts = np.bincount(place, minlength=distinct.size)
    bads = np.bincount(place[flags], minlength=distinct.size)
    return distinct, bads, counts - bads


def _distance(bads: NDArray[np.int64], goods: NDArray[np.int64]) -> Floats:
    bad_share = np.cumsum(bads, axis=1) / bads.sum(axis=1, keepdims=True)
    good_share = np.cumsum(goods, axis=1) / goods.sum(axis=1, keepdims=True)
    return np.asarray(np.abs(bad_share - good_share).max(axis=1))


def _variance(sample: Floats) -> float:
    return float(np.var(sample, ddof=1)) if sample.size > 1 else 0.0
