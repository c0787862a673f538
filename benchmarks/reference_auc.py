"""Cross-validated discrimination of the product's own models beside reference figures.

Stratified 5-fold, seed 42, untuned. Each fold is trained by ``scoring.engine.training.train`` as a bank
would, on the other four folds only (from which it draws its validation rows), and the fold is scored
through the artifact, so that the figure is of the integer score that a bank would use.

    python -m benchmarks.reference_auc --cache .run/data [--sets german,taiwan]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from benchmarks import public_data
from benchmarks.results_file import Figure, write
from ml.discrimination import auc, ks
from scoring.engine.frame import TrainingFrame
from scoring.engine.loading import load_scorer
from scoring.engine.spec import (
    BOOSTING,
    SCORECARD,
    BoostingOptions,
    FeatureSpec,
    SplitSpec,
    TrainingSpec,
)
from scoring.engine.training import train

FOLDS, SEED = 5, 42
SLACK = {"german": 0.015}
DEFAULT_SLACK = 0.005
VALIDATION_SHARE = 0.1
REFERENCE = {
    ("german", "scorecard"): (0.780, 0.468),
    ("german", "boosting"): (0.783, 0.481),
    ("german", "boosting_monotone"): (0.782, 0.479),
    ("taiwan", "scorecard"): (0.767, 0.413),
    ("taiwan", "boosting"): (0.786, 0.439),
    ("taiwan", "boosting_monotone"): (0.785, 0.438),
    ("gmsc", "scorecard"): (0.857, 0.559),
    ("gmsc", "boosting"): (0.867, 0.580),
    ("gmsc", "boosting_monotone"): (0.866, 0.577),
    ("pakdd2009", "scorecard"): (0.664, 0.247),
    ("pakdd2009", "boosting"): (0.684, 0.271),
}


def specification(name: str, columns: public_data.Columns, model: str) -> TrainingSpec:
    """An untuned specification: every column trains, numeric or categorical as it was read."""
    entry = public_data.describe(name)
    features = tuple(
        FeatureSpec(name=column, type="numeric" if values.dtype == np.float64 else "categorical")
        for column, values in columns.items()
    )
    return TrainingSpec(
        kind=SCORECARD if model == "scorecard" else BOOSTING,
        target=entry.target,
        bad_value=entry.bad_value,
        features=features,
        seed=SEED,
        split=SplitSpec(validation=VALIDATION_SHARE, test=0.0),
        boosting=BoostingOptions(auto_monotone=model == "boosting_monotone"),
    )


def folds(y: NDArray[np.int8]) -> Iterator[NDArray[np.bool_]]:
    """Which rows are tested, fold by fold, stratified by outcome."""
    splitter = StratifiedKFold(n_splits=FOLDS, shuffle=True, random_state=SEED)
    for _, tested in splitter.split(np.zeros(len(y)), y):
        mask = np.zeros(len(y), dtype=np.bool_)
        mask[tested] = True
        yield mask


def measure(name: str, model: str, cache: Path) -> list[Figure]:
    """Mean AUC and KS over the folds of one data set."""
    columns, y = public_data.load(name, cache)
    spec = specification(name, columns, model)
    areas, distances = [], []
    for tested in folds(y):
        frame = TrainingFrame(columns={k: v[~tested] for k, v in columns.items()}, y=y[~tested])
        scorer = load_scorer(train(frame, spec).artifact)
        scores = scorer.score_batch({k: v[tested] for k, v in columns.items()})
        areas.append(auc(y[tested], -scores.score))
        distances.append(ks(y[tested], -scores.score))
    area, distance = REFERENCE[name, model]
    goal = round(area - SLACK.get(name, DEFAULT_SLACK), 4)
    print(f"{name} {model}: AUC sd over folds {np.std(areas, ddof=1):.4f}", flush=True)
    return [
        _figure(f"{name} {model} AUC", np.mean(areas), area, goal),
        _figure(f"{name} {model} KS", np.mean(distances), distance, None),
    ]


def _figure(name: str, value: np.floating, baseline: float, goal: float | None) -> Figure:
    return Figure(
        name=name,
        value=round(float(value), 5),
        unit="",
        baseline=baseline,
        goal=goal,
        higher_is_better=True,
    )


def main() -> int:
    """Measures the chosen sets; exit code 1 when an AUC misses its goal."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cache", type=Path, default=Path(".run/data"))
    parser.add_argument("--sets", default="german,taiwan,gmsc,pakdd2009")
    parser.add_argument("--models", default="scorecard,boosting,boosting_monotone")
    arguments = parser.parse_args()
    models = arguments.models.split(",")
    figures: list[Figure] = []
    for name in arguments.sets.split(","):
        for model in models:
            if (name, model) in REFERENCE:
                figures += measure(name, model, arguments.cache)
    path = write("reference_auc", figures)
    print(f"written to {path.name}")
    return 0 if all(figure.reached for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
