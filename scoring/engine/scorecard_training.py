"""Builds a scorecard: select, regress on WOE, calibrate, and round to integer points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.bins import Binning
from ml.calibration import FitError, LogisticFit, fit_logistic, fit_platt, rounded
from ml.splitting import TRAIN
from scoring.engine.errors import TrainingError
from scoring.engine.preparation import Candidate, Prepared, Steps
from scoring.engine.report import DroppedFeature
from scoring.engine.scale import factor, isotonic_pd_table, offset, pd_table
from scoring.engine.spec import CATEGORICAL

Floats = NDArray[np.float64]
MAX_PAIRS_ROWS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """The scorecard's own part of the artifact, and what the report says of it."""

    body: dict[str, Any]
    used: tuple[Candidate, ...]
    points: dict[str, tuple[int, ...]]
    dropped: tuple[DroppedFeature, ...]
    notes: tuple[str, ...]


def build_scorecard(prepared: Prepared, steps: Steps) -> Scorecard:
    """Selection, regression, calibration and points. Raises TrainingError when nothing is left."""
    chosen, dropped = _select(prepared)
    steps.step(f"selected {len(chosen)} of {len(prepared.candidates)} characteristics")
    chosen, fit, wrong = _regress(prepared, chosen)
    steps.step(f"regression kept {len(chosen)} characteristics")
    log_odds = fit.intercept + _woe_columns(chosen) @ fit.coefficients
    rows, calibrated_on = prepared.calibration_rows()
    y = np.asarray(prepared.frame.y)
    try:
        intercept, slope = fit_platt(-log_odds[rows], y[rows])
    except FitError as error:
        raise TrainingError(str(error)) from error
    points, base = _points(prepared, chosen, fit, intercept, slope)
    body = _body(prepared, chosen, points, base, (intercept, slope, calibrated_on))
    steps.step("calibrated and scaled")
    notes = (f"calibrated on {calibrated_on.replace('_', ' ')}",)
    return Scorecard(
        body=body,
        used=tuple(chosen),
        points=points,
        dropped=(*dropped, *wrong),
        notes=notes,
    )


def _select(prepared: Prepared) -> tuple[list[Candidate], list[DroppedFeature]]:
    options = prepared.spec.scorecard
    chosen: list[Candidate] = []
    dropped: list[DroppedFeature] = []
    ranked = sorted(prepared.candidates, key=lambda found: -found.binning.iv)
    strong = [found for found in ranked if found.binning.iv >= options.min_iv]
    for found in ranked[len(strong) :]:
        detail = f"information value {found.binning.iv:.4f} is below {options.min_iv:g}"
        dropped.append(DroppedFeature(found.spec.name, "low_iv", detail))
    if not strong:
        raise TrainingError(f"no feature reaches an information value of {options.min_iv:g}")
    train = np.flatnonzero(prepared.rows(TRAIN))[:MAX_PAIRS_ROWS]
    correlation = _correlation(np.column_stack([c.binning.woe[c.index[train]] for c in strong]))
    kept: list[int] = []
    for place, found in enumerate(strong):
        rival = next(
            (other for other in kept if correlation[place, other] > options.max_correlation), None
        )
        if rival is not None:
            size = correlation[place, rival]
            detail = f"WOE correlates {size:.2f} with {strong[rival].spec.name}"
            dropped.append(DroppedFeature(found.spec.name, "correlated", detail))
        elif len(kept) >= options.max_features:
            detail = f"{options.max_features} stronger characteristics are in"
            dropped.append(DroppedFeature(found.spec.name, "beyond_max_features", detail))
        else:
            kept.append(place)
            chosen.append(found)
    return chosen, dropped


def _correlation(columns: Floats) -> Floats:
    centred = columns - columns.mean(axis=0)
    size = np.sqrt((centred**2).sum(axis=0))
    size[size == 0.0] = 1.0
    return np.abs((centred / size).T @ (centred / size))


def _regress(
    prepared: Prepared, chosen: list[Candidate]
) -> tuple[list[Candidate], LogisticFit, list[DroppedFeature]]:
    """Fits goods on WOE; drops the most negative coefficient until all are positive."""
    train = prepared.rows(TRAIN)
    good = 1.0 - np.asarray(prepared.frame.y)[train].astype(np.float64)
    columns = _woe_columns(chosen)[train]
    dropped: list[DroppedFeature] = []
    while True:
        try:
            fit = fit_logistic(columns, good, ridge=prepared.spec.scorecard.ridge)
        except FitError as error:
            raise TrainingError(str(error)) from error
        worst = int(np.argmin(fit.coefficients))
        if fit.coefficients[worst] > 0.0:
            return chosen, fit, dropped
        detail = f"coefficient {fit.coefficients[worst]:.3f} turns its meaning round"
        dropped.append(DroppedFeature(chosen[worst].spec.name, "wrong_sign", detail))
        chosen = [found for place, found in enumerate(chosen) if place != worst]
        if not chosen:
            raise TrainingError("no characteristic keeps its meaning in the regression")
        columns = np.delete(columns, worst, axis=1)


def _woe_columns(chosen: list[Candidate]) -> Floats:
    return np.column_stack([found.binning.woe[found.index] for found in chosen])


def _points(
    prepared: Prepared,
    chosen: list[Candidate],
    fit: LogisticFit,
    intercept: float,
    slope: float,
) -> tuple[dict[str, tuple[int, ...]], int]:
    """Points of every bin, 0 standing for average odds, and the base points."""
    scale = prepared.spec.scale
    per_log_odds = factor(scale)
    points = {
        found.spec.name: tuple(
            round(rounded(per_log_odds * slope * float(weight) * woe, 9))
            for woe in found.binning.woe.tolist()
        )
        for found, weight in zip(chosen, fit.coefficients, strict=True)
    }
    base = offset(scale) - per_log_odds * (intercept - slope * fit.intercept)
    return points, round(rounded(base, 9))


def _body(
    prepared: Prepared,
    chosen: list[Candidate],
    points: dict[str, tuple[int, ...]],
    base: int,
    calibration: tuple[float, float, str],
) -> dict[str, Any]:
    spec = prepared.spec
    low = base + sum(min(values) for values in points.values())
    high = base + sum(max(values) for values in points.values())
    pds = pd_table(low, high, spec.scale)
    if spec.calibration == "isotonic":
        rows, _ = prepared.calibration_rows()
        score = base + sum(np.array(points[found.spec.name])[found.index[rows]] for found in chosen)
        pds = isotonic_pd_table(low, high, np.asarray(score), np.asarray(prepared.frame.y)[rows])
    return {
        "base_points": base,
        "features": [_feature(found, points[found.spec.name]) for found in chosen],
        "pd": {"lowest": low, "values": list(pds)},
        "calibration": {
            "method": spec.calibration,
            "intercept": calibration[0],
            "slope": calibration[1],
            "rows": calibration[2],
        },
    }


def _feature(found: Candidate, points: tuple[int, ...]) -> dict[str, Any]:
    binning = found.binning
    counts = np.array([entry.count for entry in binning.bins])
    average = float((counts * np.array(points)).sum() / counts.sum())
    return {
        "name": found.spec.name,
        "type": binning.type,
        "trend": binning.trend,
        "specials": list(binning.specials),
        "points": list(points),
        "average_points": average,
        "bins": [_bin(binning, place) for place in range(len(binning.bins))],
        **(
            {"groups": [list(group) for group in binning.groups]}
            if binning.type == CATEGORICAL
            else {"thresholds": list(binning.thresholds)}
        ),
    }


def _bin(binning: Binning, place: int) -> dict[str, Any]:
    entry = binning.bins[place]
    return {
        "label": entry.label,
        "kind": entry.kind,
        "count": entry.count,
        "bads": entry.bads,
        "woe": rounded(entry.woe),
        "neutral": entry.neutral,
    }
