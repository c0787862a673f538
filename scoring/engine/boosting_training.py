"""Trains LightGBM under monotone constraints and early stopping, and calibrates it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

from ml.binning import bin_numeric
from ml.calibration import FitError, fit_platt
from ml.lightgbm_text import keep_features, parse, trees_only, used_features
from ml.splitting import TRAIN, VALIDATION
from ml.trees import predict_raw
from scoring.engine.encoding import FeatureEncoding, encode_column
from scoring.engine.errors import TrainingError
from scoring.engine.kernels import expand_rows, to_scores
from scoring.engine.preparation import Candidate, Prepared, Steps, binning_options
from scoring.engine.report import DroppedFeature
from scoring.engine.scale import factor, isotonic_pd_table, offset, pd_table, score_range
from scoring.engine.spec import NUMERIC

Floats = NDArray[np.float64]
MAX_CATEGORIES = 1_000
BEYOND = 1e300
ROUNDS_A_STEP = 10
MONOTONE_TURN_GAIN = 1.05
DIRECTIONS = {"ascending": 1, "descending": -1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Boosted:
    """The boosted model's own part of the artifact, and what the report says of it."""

    body: dict[str, Any]
    used: tuple[Candidate, ...]
    rounds: int
    dropped: tuple[DroppedFeature, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Matrix:
    """Model columns of all rows: which feature owns them, which are categorical or constrained."""

    values: Floats
    owners: list[int]
    categorical: list[int]
    monotone: list[int]
    features: list[dict[str, Any]]


def build_boosted(prepared: Prepared, steps: Steps) -> Boosted:
    """Trains, checks our evaluator against LightGBM's bits, calibrates on the validation rows.

    Raises TrainingError when nothing is learned.
    """
    matrix = _matrix(prepared)
    booster = _fit(prepared, matrix, steps)
    rounds = int(booster.best_iteration or booster.current_iteration())
    text = trees_only(booster.model_to_string(num_iteration=rounds))
    validation = prepared.rows(VALIDATION)
    rows = np.ascontiguousarray(matrix.values[validation])
    raw = predict_raw(parse(text, expected_features=rows.shape[1]), rows)
    if not np.array_equal(raw, booster.predict(rows, raw_score=True, num_iteration=rounds)):
        raise TrainingError("the evaluator disagrees with LightGBM on the validation rows")
    y = np.asarray(prepared.frame.y)[validation]
    try:
        intercept, slope = fit_platt(raw, y)
    except FitError as error:
        raise TrainingError(str(error)) from error
    used = _used(prepared, matrix, text)
    text = keep_features(text, [c for c, owner in enumerate(matrix.owners) if owner in used])
    steps.step("calibrated and scaled")
    most = prepared.spec.boosting.max_rounds
    return Boosted(
        body={
            "features": [matrix.features[place] for place in used],
            "trees": text,
            **_scaled(prepared, (intercept, slope), raw, y),
        },
        used=tuple(prepared.candidates[place] for place in used),
        rounds=rounds,
        dropped=tuple(
            DroppedFeature(found.spec.name, "unused", "no tree looks at it")
            for place, found in enumerate(prepared.candidates)
            if place not in used
        ),
        notes=(f"stopped after {rounds} of at most {most} rounds", "calibrated on validation"),
    )


def _used(prepared: Prepared, matrix: _Matrix, text: str) -> list[int]:
    """Places of the candidates that some split looks at, so that a caller need send no others."""
    columns = used_features(parse(text, expected_features=len(matrix.owners)))
    used = sorted({matrix.owners[column] for column in columns})
    if not used:
        raise TrainingError("no tree finds a split: there is no signal in the training rows")
    return used


def _scaled(
    prepared: Prepared,
    calibration: tuple[float, float],
    raw: Floats,
    y: NDArray[np.generic],
) -> dict[str, Any]:
    spec = prepared.spec
    low, high = score_range(spec.scale)
    pds = pd_table(low, high, spec.scale)
    if spec.calibration == "isotonic":
        scores = np.empty(raw.size, dtype=np.int32)
        line = (*calibration, offset(spec.scale), factor(spec.scale))
        to_scores(raw, scores, *line, float(low), float(high))
        pds = isotonic_pd_table(low, high, scores, y)
    return {
        "pd": {"lowest": low, "values": list(pds)},
        "calibration": {
            "method": spec.calibration,
            "intercept": calibration[0],
            "slope": calibration[1],
            "rows": "validation",
        },
    }


def _matrix(prepared: Prepared) -> _Matrix:
    frame, train = prepared.frame, prepared.rows(TRAIN)
    encoded, owners, categorical, monotone, features = [], [], [], [], []
    specials: list[list[float]] = []
    for place, found in enumerate(prepared.candidates):
        name = found.spec.name
        if found.spec.type == NUMERIC:
            codes = [float(code) for code in found.binning.specials]
            column = np.clip(encode_column(frame.columns, FeatureEncoding(name)), -BEYOND, BEYOND)
            features.append({"name": name, "type": found.spec.type, "specials": codes})
            monotone += [_direction(prepared, found)] + [0] * len(codes)
        else:
            known = _categories(prepared, found, frame.columns[name][train])
            places = {text: place for place, text in enumerate(known)}
            encoding = FeatureEncoding(name, places, len(known), len(known) + 1)
            column, codes = encode_column(frame.columns, encoding), []
            features.append({"name": name, "type": found.spec.type, "categories": known})
            categorical.append(len(monotone))
            monotone.append(0)
        encoded.append(column)
        owners += [place] * (1 + len(codes))
        specials.append(codes)
    first = np.concatenate([[0], np.cumsum([len(codes) for codes in specials])]).astype(int)
    values = np.empty((frame.rows, len(monotone)))
    flat = np.array([code for codes in specials for code in codes], dtype=np.float64)
    expand_rows(np.column_stack(encoded), values, first, flat)
    return _Matrix(values, owners, categorical, monotone, features)


def _categories(prepared: Prepared, found: Candidate, column: NDArray[np.generic]) -> list[str]:
    """Texts with enough rows, most frequent first, and the special codes whatever their rows."""
    counts = Counter(str(text) for text in column if text is not None)
    fewest = prepared.spec.scorecard.min_category_count
    codes = {str(code) for code in found.spec.special_codes}
    common = [text for text in counts if counts[text] >= fewest or text in codes]
    return sorted(common, key=lambda text: (-counts[text], text))[:MAX_CATEGORIES]


def _direction(prepared: Prepared, found: Candidate) -> int:
    if found.spec.trend in DIRECTIONS:
        return DIRECTIONS[found.spec.trend]
    if found.spec.trend != "auto" or not prepared.spec.boosting.auto_monotone:
        return 0
    train = prepared.rows(TRAIN)
    options = replace(binning_options(prepared.spec), turn_gain=MONOTONE_TURN_GAIN)
    column = np.asarray(prepared.frame.columns[found.spec.name][train], dtype=np.float64)
    codes = [float(code) for code in found.spec.special_codes]
    y = np.asarray(prepared.frame.y)[train]
    return DIRECTIONS.get(bin_numeric(column, y, specials=codes, options=options).trend, 0)


def _fit(prepared: Prepared, matrix: _Matrix, steps: Steps) -> lightgbm.Booster:
    options, y = prepared.spec.boosting, np.asarray(prepared.frame.y).astype(np.float64)
    train, validation = prepared.rows(TRAIN), prepared.rows(VALIDATION)
    parameters = {**_parameters(prepared), "monotone_constraints": matrix.monotone}
    if not any(matrix.monotone):
        del parameters["monotone_constraints"]
    names = [f"c{place}" for place in range(matrix.values.shape[1])]
    data = lightgbm.Dataset(
        matrix.values[train],
        y[train],
        feature_name=names,
        categorical_feature=matrix.categorical,
        params=parameters,
    )
    held = lightgbm.Dataset(matrix.values[validation], y[validation], reference=data)
    return lightgbm.train(
        parameters,
        data,
        num_boost_round=options.max_rounds,
        valid_sets=[held],
        callbacks=[
            lightgbm.early_stopping(options.patience, verbose=False),
            _telling(steps, options.max_rounds),
        ],
    )


def _parameters(prepared: Prepared) -> dict[str, Any]:
    options = prepared.spec.boosting
    return {
        "objective": "binary",
        "metric": "binary_logloss",
        "learning_rate": options.learning_rate,
        "num_leaves": options.leaves,
        "max_depth": options.max_depth,
        "min_data_in_leaf": options.min_leaf_rows,
        "bagging_fraction": options.row_share,
        "bagging_freq": 1 if options.row_share < 1.0 else 0,
        "feature_fraction": options.column_share,
        "lambda_l2": options.lambda_l2,
        "monotone_constraints_method": "intermediate",
        "seed": prepared.spec.seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbosity": -1,
    }


def _telling(steps: Steps, rounds: int) -> Callable[[Any], None]:
    def tell(environment: Any) -> None:
        done = environment.iteration + 1
        if done % ROUNDS_A_STEP == 0:
            steps.step(f"boosting round {done} of at most {rounds}")

    return tell
