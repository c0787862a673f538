"""Computes a model's report by scoring every part with the model as it was written."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ml.discrimination import auc_interval, gains_table, gini_of, ks_interval, roc_points
from ml.drift import Drift, psi_of_counts, psi_of_scores
from ml.reliability import brier, calibration_table, expected_calibration_error
from ml.splitting import TEST, TRAIN, VALIDATION
from scoring.engine.loading import Scorer
from scoring.engine.preparation import Candidate, Prepared, Steps
from scoring.engine.report import FeatureReport, PartReport, bin_reports
from scoring.engine.results import BatchScores

DISTRIBUTION_CELLS = 40
IMPORTANCE_ROWS = 500


def part_reports(prepared: Prepared, scores: BatchScores, steps: Steps) -> tuple[PartReport, ...]:
    """Figures of train, validation and (when there is one) test."""
    parts = []
    for part, name in (
        (TRAIN, "train"),
        (VALIDATION, "validation"),
        (TEST, prepared.split.test_name),
    ):
        rows = prepared.rows(part)
        if rows.any():
            y = np.asarray(prepared.frame.y)[rows]
            chosen = BatchScores(scores.score[rows], scores.pd[rows])
            parts.append(part_report(name, y, chosen, seed=prepared.spec.seed))
        steps.step(f"measured {name}")
    return tuple(parts)


def part_report(name: str, y: NDArray[np.generic], scores: BatchScores, *, seed: int) -> PartReport:
    """Figures of some scored rows whose outcomes are known."""
    risk = -scores.score.astype(np.float64)
    area = auc_interval(y, risk)
    curve = roc_points(y, risk)
    return PartReport(
        name=name,
        rows=len(y),
        bads=int((y == 1).sum()),
        bad_rate=float((y == 1).mean()),
        auc=area,
        gini=gini_of(area),
        ks=ks_interval(y, risk, seed=seed),
        brier=brier(y, scores.pd),
        calibration_error=expected_calibration_error(y, scores.pd, seed=seed),
        mean_pd=float(scores.pd.mean()),
        roc=curve,
        ks_curve=curve,
        gains=gains_table(y, risk),
        calibration=calibration_table(y, scores.pd),
        distribution=_distribution(y, scores.score),
    )


def score_drift(prepared: Prepared, scores: BatchScores) -> Drift | None:
    """PSI of the score from train to test, or to validation when nothing is tested."""
    later = prepared.rows(TEST if prepared.rows(TEST).any() else VALIDATION)
    train = scores.score[prepared.rows(TRAIN)]
    return psi_of_scores(train, scores.score[later], seed=prepared.spec.seed)


def feature_reports(
    prepared: Prepared,
    scorer: Scorer,
    points: dict[str, tuple[int, ...]],
    used: tuple[Candidate, ...],
) -> tuple[FeatureReport, ...]:
    """Every binned feature, the used ones first, each by falling importance, then IV."""
    importance = _importance(prepared, scorer)
    names = {found.spec.name for found in used}
    reports = [
        _feature_report(prepared, found, points, importance, found.spec.name in names)
        for found in prepared.candidates
    ]
    return tuple(sorted(reports, key=lambda r: (not r.used, -r.importance, -r.iv, r.name)))


def _feature_report(
    prepared: Prepared,
    found: Candidate,
    points: dict[str, tuple[int, ...]],
    importance: dict[str, float],
    used: bool,
) -> FeatureReport:
    binning = found.binning
    train, later = prepared.rows(TRAIN), prepared.rows(TEST)
    cells = len(binning.bins)
    csi = None
    if later.any():
        csi = psi_of_counts(
            np.bincount(found.index[train], minlength=cells),
            np.bincount(found.index[later], minlength=cells),
            seed=prepared.spec.seed,
        )
    missing = sum(entry.count for entry in binning.bins if entry.kind == "missing")
    return FeatureReport(
        name=found.spec.name,
        type=binning.type,
        used=used,
        trend=binning.trend,
        iv=binning.iv,
        auc=found.auc,
        missing=missing,
        missing_rate=missing / int(train.sum()),
        special=sum(entry.count for entry in binning.bins if entry.kind == "special"),
        importance=importance.get(found.spec.name, 0.0),
        csi=csi,
        bins=bin_reports(binning, points.get(found.spec.name)),
    )


def _importance(prepared: Prepared, scorer: Scorer) -> dict[str, float]:
    rows = np.flatnonzero(prepared.rows(TRAIN))
    rows = rows[:: max(1, rows.size // IMPORTANCE_ROWS)][:IMPORTANCE_ROWS]
    names = [info.name for info in scorer.features]
    columns = {name: prepared.frame.columns[name][rows] for name in names}
    sizes = np.abs(scorer.contributions_batch(columns)).mean(axis=0)
    return dict(zip(names, sizes.tolist(), strict=True))


def _distribution(
    y: NDArray[np.generic], score: NDArray[np.int32]
) -> tuple[tuple[int, int, int, int], ...]:
    low, high = int(score.min()), int(score.max())
    width = max(1, -(-(high - low + 1) // DISTRIBUTION_CELLS))
    place = (score - low) // width
    cells = int(place.max()) + 1
    counts = np.bincount(place, minlength=cells)
    bads = np.bincount(place[np.asarray(y) == 1], minlength=cells)
    return tuple(
        (low + i * width, low + (i + 1) * width - 1, int(counts[i] - bads[i]), int(bads[i]))
        for i in range(cells)
    )
