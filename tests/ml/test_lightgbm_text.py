"""The parser gives LightGBM's bits back, and survives whatever is done to the text."""

import random
import re

import lightgbm
import numpy as np
import pytest

from ml.lightgbm_text import ModelTextError, keep_features, parse, trees_only, used_features
from ml.trees import predict_raw
from ml.treeshap import contributions
from tests.ml.boosters import COLUMNS, VARIANTS, booster, probes


@pytest.mark.parametrize("variant", VARIANTS)
def test_raw_scores_are_lightgbms_bits(variant):
    model = booster(variant)
    ensemble = parse(trees_only(model.model_to_string()), expected_features=COLUMNS)
    ours, theirs = predict_raw(ensemble, probes()), model.predict(probes(), raw_score=True)
    assert ours.tobytes() == theirs.tobytes()


def test_text_without_parameters_is_as_good():
    text = booster("plain").model_to_string()
    assert "parameters:" in text
    assert "parameters:" not in trees_only(text)
    both = [predict_raw(parse(t), probes()) for t in (text, trees_only(text))]
    assert both[0].tobytes() == both[1].tobytes()


@pytest.mark.parametrize("variant", VARIANTS)
def test_unused_features_can_be_left_out_without_changing_a_bit(variant):
    text = trees_only(booster(variant, 3).model_to_string())
    assert keep_features(text, list(range(COLUMNS))) == text
    whole = parse(text)
    kept = used_features(whole)
    smaller = keep_features(text, kept)
    rows = np.ascontiguousarray(probes()[:, kept])
    ours = predict_raw(parse(smaller, expected_features=len(kept)), rows)
    assert ours.tobytes() == predict_raw(whole, probes()).tobytes()
    theirs = lightgbm.Booster(model_str=smaller).predict(rows, raw_score=True)
    assert ours.tobytes() == theirs.tobytes()
    with pytest.raises(ModelTextError, match="not kept"):
        keep_features(text, kept[1:])


def test_a_single_leaf_tree_is_a_constant():
    head, _, rest = small().partition("\n\nTree=0\n")
    stump = "num_leaves=1\nnum_cat=0\nleaf_value=0.25\nis_linear=0\nshrinkage=1\n\n"
    assert rest
    sizes = re.sub(r"tree_sizes=.*", "tree_sizes=1", head)
    ensemble = parse(f"{sizes}\n\nTree=0\n{stump}\nend of trees\n")
    assert predict_raw(ensemble, probes()).tolist() == [0.25] * len(probes())
    phi, bias = contributions(ensemble, probes()[:2])
    assert (np.abs(phi).max(), bias) == (0.0, 0.25)


def small() -> str:
    return trees_only(booster("many_categories", 3).model_to_string())


def mutants(count: int, seed: int):
    """Texts with one thing altered: a number, a character, a line, a piece cut, doubled or moved."""
    generator, text = random.Random(seed), small()
    numbers = list(re.finditer(r"-?\d+(\.\d+)?(e[-+]?\d+)?", text))
    odd = [
        "-1",
        "0",
        "1",
        "7",
        "99999999",
        "-99999999",
        "1e400",
        "nan",
        "inf",
        "-inf",
        "1_0",
        "",
        "x",
    ]
    odd += ["2147483648", "18446744073709551616", "0.5", "\u0663", "1e-320", "--1", "0x10"]
    for _ in range(count):
        kind = generator.randrange(6)
        if kind <= 2:
            hit = generator.choice(numbers)
            yield text[: hit.start()] + generator.choice(odd) + text[hit.end() :]
        elif kind == 3:
            at = generator.randrange(len(text))
            yield text[:at] + chr(generator.randrange(1, 256)) + text[at + 1 :]
        elif kind == 4:
            lines = text.split("\n")
            at, other = generator.randrange(len(lines)), generator.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
            yield "\n".join(lines)
        else:
            first, last = sorted(generator.randrange(len(text)) for _ in range(2))
            yield text[:first] + text[last:]


@pytest.mark.parametrize("seed", range(3))
def test_altered_texts_are_refused_or_evaluate_to_numbers(seed):
    refused = accepted = 0
    for text in mutants(250, seed):
        try:
            ensemble = parse(text, expected_features=COLUMNS)
        except ModelTextError:
            refused += 1
            continue
        accepted += 1
        assert np.isfinite(predict_raw(ensemble, probes())).all()
        phi, bias = contributions(ensemble, probes()[:2])
        assert np.isfinite(phi).all()
        assert np.isfinite(bias)
    assert refused > 100
    assert accepted > 5


def changed(pattern: str, replacement: str) -> str:
    text, hits = re.subn(pattern, replacement, small(), count=1, flags=re.MULTILINE)
    assert hits == 1
    return text


@pytest.mark.parametrize(
    ("pattern", "replacement", "message"),
    [
        (r"^version=v4", "version=v9", "version"),
        (r"^num_class=1", "num_class=2", "num_class"),
        (r"^num_tree_per_iteration=1", "num_tree_per_iteration=3", "num_tree_per_iteration"),
        (r"^objective=binary", "objective=regression", "objective"),
        (r"sigmoid:1", "sigmoid:0", "sigmoid"),
        (r"sigmoid:1", "sigmoid:nan", "finite"),
        (r"^max_feature_idx=7", "max_feature_idx=8", "features"),
        (r"^max_feature_idx=7", "max_feature_idx=-1", "features"),
        (r"^feature_names=\S+ ", "feature_names=", "feature_names"),
        (r"^tree_sizes=\d+ ", "tree_sizes=", "tree_sizes"),
        (r"^Tree=1", "Tree=2", "order"),
        (r"^num_leaves=\d+", "num_leaves=0", "num_leaves"),
        (r"^num_leaves=\d+", "num_leaves=99999999", "num_leaves"),
        (r"^num_leaves=15", "num_leaves=14", "numbers"),
        (r"^split_feature=\d+", "split_feature=8", "split_feature"),
        (r"^split_feature=\d+", "split_feature=-1", "split_feature"),
        (r"^split_feature=\d+", "split_feature=1.5", "integer"),
        (r"^threshold=\S+", "threshold=nan", "finite"),
        (r"^threshold=\S+", "threshold=-inf", "finite"),
        (r"^decision_type=\d+", "decision_type=12", "decision_type"),
        (r"^decision_type=\d+", "decision_type=-1", "decision_type"),
        (r"^left_child=\S+", "left_child=0", "two parents"),
        (r"^left_child=\S+", "left_child=99", "child index"),
        (r"^left_child=\S+", "left_child=-99", "child index"),
        (r"^leaf_value=\S+", "leaf_value=inf", "finite"),
        (r"^leaf_value=\S+", "leaf_value=1e10", "leaf value"),
        (r"^leaf_value=\S+", "leaf_value=1_0", "numbers"),
        (r"^leaf_count=\d+", "leaf_count=0", "count"),
        (r"^leaf_count=\d+", "leaf_count=1", "sum"),
        (r"^internal_count=\d+", "internal_count=1", "sum"),
        (r"^num_cat=\d+", "num_cat=0", "categor"),
        (r"^num_cat=\d+", "num_cat=-5", "num_cat"),
        (r"^cat_boundaries=0", "cat_boundaries=1", "cat_boundaries"),
        (r"^cat_threshold=\d+", "cat_threshold=4294967296", "cat_threshold"),
        (r"^is_linear=0", "is_linear=1", "linear"),
        (r"^is_linear=0\n", "", "is_linear is missing"),
        (r"^end of trees", "", "end of trees"),
        (r"^tree$", "wood", "begin"),
        (r"^shrinkage=\S+", "leaf_value=1", "twice"),
        (r"^objective", "average_output\nobjective", "forests"),
    ],
)
def test_each_inconsistency_has_its_message(pattern, replacement, message):
    with pytest.raises(ModelTextError, match=message):
        parse(changed(pattern, replacement))


@pytest.mark.parametrize("index", ["99", "-1", "0.5", "inf"])
def test_a_category_set_that_is_not_there_is_found(index):
    text = small()
    kinds = re.search(r"^decision_type=(.*)$", text, re.MULTILINE)
    held = re.search(r"^threshold=(.*)$", text, re.MULTILINE)
    assert kinds
    assert held
    at = next(i for i, kind in enumerate(kinds[1].split()) if int(kind) & 1)
    thresholds = held[1].split()
    thresholds[at] = index
    with pytest.raises(ModelTextError, match="categorical threshold"):
        parse(text.replace(held[1], " ".join(thresholds), 1))


def test_a_cycle_is_found():
    tree = (
        "num_leaves=4\nnum_cat=0\nsplit_feature=0 0 0\nthreshold=0 0 0\ndecision_type=2 2 2\n"
        "left_child=-1 2 1\nright_child=-2 -3 -4\nleaf_value=0 0 0 0\nleaf_count=1 1 1 1\n"
        "internal_count=2 2 2\nis_linear=0\nshrinkage=1\n"
    )
    head = re.sub(r"tree_sizes=.*", "tree_sizes=1", small().partition("\n\nTree=0\n")[0])
    with pytest.raises(ModelTextError, match="reached"):
        parse(f"{head}\n\nTree=0\n{tree}\n\nend of trees\n")


def test_sizes_over_the_limits_and_foreign_letters_are_refused():
    with pytest.raises(ModelTextError, match="longer"):
        parse("x" * (64 * 1024 * 1024 + 1))
    with pytest.raises(ModelTextError, match="ASCII"):
        parse("tr\u00e9e")
    with pytest.raises(ModelTextError, match="expected 3"):
        parse(small(), expected_features=3)


def test_rows_of_another_width_are_refused():
    with pytest.raises(ValueError, match="8 columns"):
        predict_raw(parse(small()), np.zeros((2, 7)))
