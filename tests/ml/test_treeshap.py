"""TreeSHAP against LightGBM's own and against the exponential definition."""

import itertools
import math

import numpy as np
import pytest

from ml.lightgbm_text import parse, trees_only
from ml.trees import TreeEnsemble, goes_left, predict_raw
from ml.treeshap import contributions
from tests.ml.boosters import VARIANTS, booster, probes


@pytest.mark.parametrize("variant", VARIANTS)
def test_contributions_are_lightgbms(variant):
    model = booster(variant)
    ensemble = parse(trees_only(model.model_to_string()))
    ours, bias = contributions(ensemble, probes())
    theirs = model.predict(probes(), pred_contrib=True)
    assert np.abs(ours - theirs[:, :-1]).max() < 1e-12
    assert abs(bias - theirs[0, -1]) < 1e-12


@pytest.mark.parametrize("variant", VARIANTS)
def test_contributions_add_up_to_the_raw_score(variant):
    ensemble = parse(trees_only(booster(variant).model_to_string()))
    ours, bias = contributions(ensemble, probes())
    assert ours.sum(axis=1) + bias == pytest.approx(predict_raw(ensemble, probes()), abs=1e-11)


def expected_value(
    ensemble: TreeEnsemble, at: int, row: np.ndarray, known: frozenset[int]
) -> float:
    """Path-dependent expectation: known features decide, others are averaged by cover."""
    if at < 0:
        return float(ensemble.leaf_value[~at])
    left, right = int(ensemble.left[at]), int(ensemble.right[at])
    feature = int(ensemble.feature[at])
    if feature in known:
        to_left = goes_left(
            row[feature],
            ensemble.threshold[at],
            ensemble.decision[at],
            ensemble.bits_first[at],
            ensemble.bits_words[at],
            ensemble.bits,
        )
        return expected_value(ensemble, left if to_left else right, row, known)
    total = 0.0
    for child in (left, right):
        cover = ensemble.cover[child] if child >= 0 else ensemble.leaf_cover[~child]
        part = float(cover / ensemble.cover[at])
        total += part * expected_value(ensemble, child, row, known)
    return total


def shapley(ensemble: TreeEnsemble, row: np.ndarray) -> np.ndarray:
    size = ensemble.feature_count
    value = {
        frozenset(known): sum(
            expected_value(ensemble, int(root), row, frozenset(known)) for root in ensemble.roots
        )
        for count in range(size + 1)
        for known in itertools.combinations(range(size), count)
    }
    out = np.zeros(size)
    for known, worth in value.items():
        for feature in set(range(size)) - known:
            weight = math.factorial(len(known)) * math.factorial(size - len(known) - 1)
            out[feature] += weight / math.factorial(size) * (value[known | {feature}] - worth)
    return out


@pytest.mark.parametrize("variant", ["shallow", "many_categories", "zero_as_missing"])
def test_contributions_are_the_shapley_values_written_out(variant):
    ensemble = parse(trees_only(booster(variant, 2).model_to_string()))
    rows = probes()[[3, 4, 50, 60, 150]]
    ours, _ = contributions(ensemble, rows)
    for place, row in enumerate(rows):
        assert ours[place] == pytest.approx(shapley(ensemble, row), abs=1e-12)


def test_a_feature_the_trees_do_not_use_contributes_nothing():
    ensemble = parse(trees_only(booster("shallow", 2).model_to_string()))
    unused = sorted(set(range(ensemble.feature_count)) - set(ensemble.feature.tolist()))
    assert unused
    assert (contributions(ensemble, probes())[0][:, unused] == 0.0).all()
