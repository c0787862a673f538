"""How far predicted probabilities can be believed: Brier, calibration by group, expected error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.discrimination import checked, quantile_groups
from ml.intervals import Estimate, around, jeffreys, normal_quantile, wilson

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CalibrationRow:
    """A group of neighbouring predictions: mean prediction beside the observed rate."""

    group: int
    count: int
    bads: int
    predicted: float
    observed: Estimate
    observed_wilson: Estimate
    inside: bool


def brier(y: NDArray[np.generic], probability: NDArray[np.generic]) -> Estimate:
    """Brier score (mean squared error of the probability) with its normal interval."""
    flags, values = checked(y, probability)
    errors = (values - flags) ** 2
    half = normal_quantile() * float(np.std(errors, ddof=1)) / np.sqrt(errors.size)
    value = float(errors.mean())
    return Estimate(value, max(0.0, float(value - half)), min(1.0, float(value + half)), "normal")


def calibration_table(
    y: NDArray[np.generic], probability: NDArray[np.generic], groups: int = 10
) -> tuple[CalibrationRow, ...]:
    """Calibration by group of predicted probability, lowest first, with Jeffreys intervals.

    ``inside`` says whether the mean prediction lies within the Jeffreys interval of the observed rate.
    """
    flags, values = checked(y, probability)
    place = quantile_groups(values, groups)
    rows = []
    for group in np.unique(place):
        chosen = place == group
        count, bads = int(chosen.sum()), int(flags[chosen].sum())
        predicted = float(values[chosen].mean())
        observed = jeffreys(bads, count)
        rows.append(
            CalibrationRow(
                group=int(group) + 1,
                count=count,
                bads=bads,
                predicted=predicted,
                observed=observed,
                observed_wilson=wilson(bads, count),
                inside=observed.low <= predicted <= observed.high,
            )
        )
    return tuple(rows)


def expected_calibration_error(
    y: NDArray[np.generic], probability: NDArray[np.generic], *, seed: int, groups: int = 10
) -> Estimate:
    """Mean distance between predicted and observed rate over equal-sized groups.

    The interval comes from a parametric bootstrap of the observed counts of each group.
    """
    table = calibration_table(y, probability, groups)
    counts = np.array([row.count for row in table])
    rates = np.array([row.bads / row.count for row in table])
    predicted = np.array([row.predicted for row in table])
    weights = counts / counts.sum()
    value = float((weights * np.abs(rates - predicted)).sum())
    generator = np.random.Generator(np.random.PCG64(seed))
    drawn = generator.binomial(counts, rates, size=(400, counts.size)) / counts
    return around(value, (weights * np.abs(drawn - predicted)).sum(axis=1), ceiling=1.0)
