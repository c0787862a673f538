"""The points scale: log-odds to points and back, and the PD of every reachable score."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ml.calibration import fit_isotonic, sigmoid
from scoring.engine.spec import ScaleSpec

MAX_SCORES = 200_000
LOG_ODDS_LIMIT = 10.0
PD_FLOOR = 1e-6


def factor(scale: ScaleSpec) -> float:
    """Points for one unit of log-odds."""
    return scale.points_to_double / math.log(2.0)


def offset(scale: ScaleSpec) -> float:
    """Points where goods and bads are one to one."""
    return scale.base_score - factor(scale) * math.log(scale.base_odds)


def score_range(scale: ScaleSpec) -> tuple[int, int]:
    """Lowest and highest score at bad log-odds of +10 and -10, where boosting's scores end."""
    reach = factor(scale) * LOG_ODDS_LIMIT
    return math.floor(offset(scale) - reach), math.ceil(offset(scale) + reach)


def bad_log_odds(scores: NDArray[np.generic], scale: ScaleSpec) -> NDArray[np.float64]:
    """What the scale says of integer scores."""
    return (offset(scale) - np.asarray(scores, dtype=np.float64)) / factor(scale)


def pd_table(low: int, high: int, scale: ScaleSpec) -> tuple[float, ...]:
    """PD of each integer score from ``low`` to ``high``, by the scale."""
    return tuple(sigmoid(bad_log_odds(np.arange(low, high + 1), scale)).tolist())


def isotonic_pd_table(
    low: int, high: int, scores: NDArray[np.generic], y: NDArray[np.generic]
) -> tuple[float, ...]:
    """PD of each integer score by isotonic regression of the outcome on scores seen.

    Between seen scores the rate is interpolated, beyond them it stays, and never is exactly 0 or 1.
    """
    risk, rate = fit_isotonic(-np.asarray(scores, dtype=np.float64), y)
    every = np.interp(-np.arange(low, high + 1, dtype=np.float64), risk, rate)
    return tuple(np.clip(every, PD_FLOOR, 1.0 - PD_FLOOR).tolist())
