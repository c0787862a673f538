"""A seeded portfolio with everything a bank's file brings, and models trained on it."""

from functools import cache

import numpy as np

from scoring.engine.frame import TrainingFrame
from scoring.engine.loading import Scorer, load_scorer
from scoring.engine.spec import BoostingOptions, FeatureSpec, TrainingSpec
from scoring.engine.training import TrainedModel, train

ROWS = 5000
FEATURES = (
    FeatureSpec(name="utilisation", trend="ascending"),
    FeatureSpec(name="income", special_codes=(-9.0, -8.0), trend="descending"),
    FeatureSpec(name="age"),
    FeatureSpec(name="job", type="categorical"),
    FeatureSpec(name="region", type="categorical", special_codes=("N/A",)),
    FeatureSpec(name="noise"),
)


def columns_of(rows: int, seed: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Columns and outcome of a portfolio."""
    generator = np.random.default_rng(seed)
    utilisation = generator.gamma(2.0, 0.25, rows)
    income = np.round(generator.lognormal(8.0, 0.5, rows), 2)
    age = generator.integers(18, 80, rows).astype(float)
    job = generator.choice(np.array(["clerk", "driver", "nurse", "smith"], dtype=object), rows)
    region = generator.choice(np.array(["north", "south", "N/A"], dtype=object), rows)
    chance = -2.2 + 1.8 * utilisation - 0.6 * (np.log(income) - 8.0) - 0.015 * (age - 45)
    chance += np.where(job == "driver", 0.7, 0.0) + np.where(region == "N/A", 0.6, 0.0)
    bureau = generator.random(rows)
    chance[bureau < 0.1] += 0.8
    income[bureau < 0.1] = -9.0
    income[(bureau >= 0.1) & (bureau < 0.103)] = -8.0
    missing = generator.random(rows) < 0.08
    chance[missing] += 0.9
    utilisation[missing] = np.nan
    job[generator.random(rows) < 0.05] = None
    job[generator.random(rows) < 0.003] = "astronaut"
    y = (generator.random(rows) < 1.0 / (1.0 + np.exp(-chance))).astype(np.int8)
    noise = generator.normal(size=rows)
    columns = {"utilisation": utilisation, "income": income, "age": age}
    return {**columns, "job": job, "region": region, "noise": noise}, y


@cache
def frame() -> TrainingFrame:
    """The training rows."""
    columns, y = columns_of(ROWS, 1)
    return TrainingFrame(columns=columns, y=y)


def spec(kind: str, **changes: object) -> TrainingSpec:
    """A specification for ``frame``."""
    given = {
        "kind": kind,
        "target": "default",
        "bad_value": "1",
        "features": FEATURES,
        "boosting": BoostingOptions(max_rounds=80, patience=20, learning_rate=0.1),
    }
    return TrainingSpec(**{**given, **changes})


@cache
def trained(kind: str, calibration: str = "platt") -> TrainedModel:
    """A model of that kind."""
    return train(frame(), spec(kind, calibration=calibration))


@cache
def scorer(kind: str) -> Scorer:
    """The same, loaded."""
    return load_scorer(trained(kind).artifact)


@cache
def probes() -> dict[str, np.ndarray]:
    """Columns of fresh rows, the first of them odd in every feature."""
    columns, _ = columns_of(3000, 2)
    odd = [np.nan, np.inf, -np.inf, 1e308, -1e308, -9.0, -8.0, 0.0, -0.0, 5e-324]
    for place, name in enumerate(("utilisation", "income", "age", "noise")):
        columns[name][place * 10 : place * 10 + 10] = odd
    columns["job"][40:44] = [None, "never seen", "", "astronaut"]
    columns["region"][44:48] = [None, "never seen", "N/A", "\u5317"]
    return columns


def row(columns: dict[str, np.ndarray], place: int) -> dict[str, float | str | None]:
    """One row as a caller sends it: NaN becomes None."""
    values = {name: column[place] for name, column in columns.items()}
    return {
        name: None if value is None or value != value else value for name, value in values.items()
    }
