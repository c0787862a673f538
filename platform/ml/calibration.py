"""Logistic regression by Newton's method, and the two calibrations built on the same idea."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
ITERATIONS = 100
TOLERANCE = 1e-10


class FitError(ValueError):
    """A regression did not converge or has nothing to learn from."""


@dataclass(frozen=True, slots=True)
class LogisticFit:
    """log-odds of a bad = intercept + x @ coefficients; standard errors in the same order."""

    intercept: float
    coefficients: Floats
    standard_errors: Floats


def rounded(value: float, digits: int = 12) -> float:
    """The value at 12 significant digits, so that the last bits of a sum do not matter."""
    return float(f"{value:.{digits}g}")


def fit_logistic(x: Floats, target: Floats, *, ridge: float = 0.0) -> LogisticFit:
    """Maximum-likelihood logistic regression of shape (n, k), target in [0, 1], ridge on the slopes.

    Raises FitError when the weights vanish or Newton's method does not converge.
    """
    design = np.column_stack([np.ones(len(x)), x])
    penalty = np.full(design.shape[1], ridge)
    penalty[0] = 0.0
    beta = np.zeros(design.shape[1])
    loss = _loss(design, target, beta, penalty)
    for _ in range(ITERATIONS):
        probability = sigmoid(design @ beta)
        gradient = design.T @ (target - probability) - penalty * beta
        information = (design.T * (probability * (1.0 - probability))) @ design + np.diag(penalty)
        step = _solve(information, gradient)
        scale = 1.0
        while (trial := _loss(design, target, beta + scale * step, penalty)) > loss + 1e-12:
            scale /= 2.0
            if scale < 1e-8:
                break
        beta, loss = beta + scale * step, trial
        if np.abs(scale * step).max() < TOLERANCE:
            errors = np.sqrt(np.diag(np.linalg.pinv(information)))
            return LogisticFit(float(beta[0]), beta[1:], errors)
    raise FitError("logistic regression did not converge: the outcome may be separable")


def fit_platt(log_odds: Floats, y: NDArray[np.generic]) -> tuple[float, float]:
    """Platt scaling: intercept a and slope b of calibrated log-odds = a + b * log_odds.

    Targets are smoothed by the class sizes (Platt, 1999). Raises FitError when the slope is not
    positive: then the measure orders the sample no better than chance.
    """
    flags = np.asarray(y) == 1
    bads, goods = int(flags.sum()), int((~flags).sum())
    if not bads or not goods:
        raise FitError("calibration needs both outcomes")
    target = np.where(flags, (bads + 1.0) / (bads + 2.0), 1.0 / (goods + 2.0))
    fit = fit_logistic(log_odds[:, None], target)
    slope = rounded(float(fit.coefficients[0]))
    if slope <= 0.0:
        raise FitError("calibration slope is not positive: no signal on the validation rows")
    return rounded(fit.intercept), slope


def fit_isotonic(values: Floats, y: NDArray[np.generic]) -> tuple[Floats, Floats]:
    """Pool adjacent violators: (distinct values ascending, non-decreasing bad rate at each)."""
    distinct, place = np.unique(values, return_inverse=True)
    weights = np.bincount(place).astype(np.float64)
    rates = np.bincount(place, weights=(np.asarray(y) == 1).astype(np.float64)) / weights
    blocks: list[list[float]] = []
    for rate, weight in zip(rates, weights, strict=True):
        blocks.append([float(rate), float(weight), 1.0])
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            last = blocks.pop()
            total = blocks[-1][1] + last[1]
            mean = (blocks[-1][0] * blocks[-1][1] + last[0] * last[1]) / total
            blocks[-1] = [mean, total, blocks[-1][2] + last[2]]
    return distinct, np.repeat([b[0] for b in blocks], [int(b[2]) for b in blocks])


def sigmoid(log_odds: Floats) -> Floats:
    """1 / (1 + exp(-x)) without overflow."""
    bounded = np.clip(log_odds, -700.0, 700.0)
    return np.asarray(1.0 / (1.0 + np.exp(-bounded)))


def _loss(design: Floats, target: Floats, beta: Floats, penalty: Floats) -> float:
    log_odds = design @ beta
    likelihood = target * log_odds - np.logaddexp(0.0, log_odds)
    return float(-likelihood.sum() + 0.5 * (penalty * beta * beta).sum())


def _solve(information: Floats, gradient: Floats) -> Floats:
    try:
        return np.asarray(np.linalg.solve(information, gradient))
    except np.linalg.LinAlgError:
        return np.asarray(np.linalg.lstsq(information, gradient, rcond=None)[0])
