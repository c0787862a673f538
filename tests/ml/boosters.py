"""Small LightGBM models of every kind that the parser accepts, and rows that probe them."""

from functools import cache

import lightgbm
import numpy as np

ROWS, COLUMNS = 3000, 8
VARIANTS = {
    "plain": {"num_leaves": 15},
    "shallow": {"num_leaves": 8, "max_depth": 3},
    "deep": {"num_leaves": 63, "min_data_in_leaf": 2},
    "zero_as_missing": {"num_leaves": 15, "zero_as_missing": True},
    "no_missing": {"num_leaves": 15, "use_missing": False},
    "monotone": {"num_leaves": 15, "monotone_constraints": [0, 0, 1, -1, 0, 0, 0, 0]},
    "many_categories": {"num_leaves": 15, "max_cat_to_onehot": 1, "min_data_per_group": 5},
}


@cache
def sample() -> tuple[np.ndarray, np.ndarray]:
    """Rows with missing values, zeros and two categorical columns, and an outcome that uses them."""
    generator = np.random.default_rng(0)
    rows = generator.normal(size=(ROWS, COLUMNS))
    rows[generator.random(rows.shape) < 0.1] = np.nan
    rows[generator.random(rows.shape) < 0.1] = 0.0
    rows[:, 0] = generator.integers(0, 70, ROWS)
    rows[:, 1] = generator.integers(0, 4, ROWS)
    known = np.nan_to_num(rows, nan=0.7)
    signal = known[:, 2] + known[:, 3] * known[:, 4] + (known[:, 0] % 3 == 0) + (known[:, 1] == 2)
    return rows, (generator.random(ROWS) < 1 / (1 + np.exp(1 - signal))).astype(float)


@cache
def booster(variant: str, rounds: int = 40) -> lightgbm.Booster:
    """A booster of that variant."""
    parameters = {
        "objective": "binary",
        "learning_rate": 0.1,
        "num_threads": 1,
        "verbosity": -1,
        "seed": 1,
        **VARIANTS[variant],
    }
    rows, y = sample()
    data = lightgbm.Dataset(rows, y, categorical_feature=[0, 1], params=parameters)
    return lightgbm.train(parameters, data, num_boost_round=rounds)


@cache
def probes() -> np.ndarray:
    """Rows of the sample and rows that no sample holds."""
    rows = sample()[0][:200].copy()
    odd = [np.inf, -np.inf, 1e308, -1e308, np.nan, 0.0, -0.0, 1e-36, -1e-36, 1e-35, 2e-35, 0.5]
    odd += [-1.0, -0.5, 2.7, 1000.0, 2147483647.0, 2147483648.0, 1e19, -2147483649.0]
    for place, value in enumerate(odd):
        rows[place] = value
        rows[len(odd) + place, :2] = value
        rows[2 * len(odd) + place, 2:5] = value
    return rows
