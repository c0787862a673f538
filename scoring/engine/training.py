"""The one door to training: a frame and a specification in, an artifact and its report out."""

from __future__ import annotations

import platform
from dataclasses import asdict, dataclass
from typing import Any

import lightgbm
import numba
import numpy as np
import scipy

from scoring.engine.artifact import SCHEMA, canonical
from scoring.engine.boosting_training import ROUNDS_A_STEP, build_boosted
from scoring.engine.frame import TrainingFrame
from scoring.engine.loading import load_scorer
from scoring.engine.preparation import Prepared, Progress, Steps, prepare
from scoring.engine.report import DroppedFeature, ModelReport
from scoring.engine.reporting import feature_reports, part_reports, score_drift
from scoring.engine.scorecard_training import build_scorecard
from scoring.engine.spec import SCORECARD, TrainingSpec

FIXED_STEPS = 8


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """The artifact (see ``scoring.engine.artifact``) and its report."""

    artifact: bytes
    report: ModelReport

    @property
    def model_hash(self) -> str:
        """SHA-256 of the artifact."""
        return self.report.model_hash


def train(
    frame: TrainingFrame, spec: TrainingSpec, progress: Progress | None = None
) -> TrainedModel:
    """Trains and measures a model; the same frame and specification give the same bytes.

    ``progress`` is called often with (done, total, message) and may raise to stop the run. Raises
    FrameError or TrainingError when the data do not allow a model.
    """
    rounds = 0 if spec.kind == SCORECARD else spec.boosting.max_rounds // ROUNDS_A_STEP
    total = len(spec.inputs) + rounds + FIXED_STEPS
    steps = Steps(total, progress)
    steps.say("reading")
    prepared = prepare(frame, spec, steps)
    dropped: tuple[DroppedFeature, ...] = ()
    points: dict[str, tuple[int, ...]] = {}
    ran: int | None = None
    if spec.kind == SCORECARD:
        card = build_scorecard(prepared, steps)
        body, used, notes = card.body, card.used, card.notes
        points, dropped = card.points, card.dropped
    else:
        boosted = build_boosted(prepared, steps)
        body, used, notes = boosted.body, boosted.used, boosted.notes
        dropped, ran = boosted.dropped, boosted.rounds
    artifact = canonical({**_head(prepared), **body})
    scorer = load_scorer(artifact)
    scores = scorer.score_batch(frame.columns)
    steps.step("scored every row")
    report = ModelReport(
        kind=spec.kind,
        model_hash=scorer.model_hash,
        seed=spec.seed,
        rows=frame.rows,
        bads=int(np.asarray(frame.y).sum()),
        target=spec.target,
        bad_value=spec.bad_value,
        test_name=prepared.split.test_name,
        boundary=prepared.split.boundary,
        calibration=spec.calibration,
        rounds=ran,
        parts=part_reports(prepared, scores, steps),
        psi=score_drift(prepared, scores),
        features=feature_reports(prepared, scorer, points, used),
        dropped=(*prepared.dropped, *dropped),
        leaks=prepared.leaks,
        libraries=libraries(),
        notes=notes,
    )
    steps.step("done", total)
    return TrainedModel(artifact, report)


def libraries() -> dict[str, str]:
    """Versions that the bits depend on."""
    return {
        "lightgbm": lightgbm.__version__,
        "numba": numba.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "scipy": scipy.__version__,
    }


def _head(prepared: Prepared) -> dict[str, Any]:
    spec, y = prepared.spec, np.asarray(prepared.frame.y)
    return {
        "schema": SCHEMA,
        "kind": spec.kind,
        "seed": spec.seed,
        "scale": asdict(spec.scale),
        "spec": spec.to_document(),
        "libraries": libraries(),
        "data": {
            "sha256": prepared.frame.fingerprint(),
            "rows": prepared.frame.rows,
            "bads": int(y.sum()),
        },
    }
