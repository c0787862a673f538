"""Specifications: a JSON document and back, and every contradiction refused."""

import json
from dataclasses import fields, replace

import pytest

from scoring.engine.errors import EngineError, SpecError
from scoring.engine.grades import grade_of
from scoring.engine.spec import (
    BoostingOptions,
    FeatureSpec,
    ScaleSpec,
    ScorecardOptions,
    SplitSpec,
    TrainingSpec,
    spec_from_document,
)
from tests.scoring_engine.samples import spec


@pytest.mark.parametrize("kind", ["scorecard", "boosting"])
def test_a_specification_survives_json(kind):
    given = spec(kind, time_column="month", scale=ScaleSpec(base_score=700, points_to_double=40))
    assert spec_from_document(json.loads(json.dumps(given.to_document()))) == given


def test_defaults_may_be_left_out():
    document = {"kind": "scorecard", "target": "t", "bad_value": "1", "features": [{"name": "a"}]}
    found = spec_from_document(document)
    assert found.features == (FeatureSpec(name="a"),)
    assert found.scale == ScaleSpec(base_score=600, base_odds=50.0, points_to_double=20)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"features": 3},
        {"kind": "scorecard", "target": "t", "bad_value": "1", "features": [{"nom": "a"}]},
        {"kind": "scorecard", "target": "t", "bad_value": "1", "features": [], "colour": 1},
        {"kind": "scorecard", "features": [{"name": "a"}]},
        {"kind": "scorecard", "target": "t", "bad_value": "1", "features": ["a"]},
        {
            "kind": "boosting",
            "target": "t",
            "bad_value": "1",
            "features": [{"name": "a"}],
            "boosting": {"num_threads": 64},
        },
        {
            "kind": "boosting",
            "target": "t",
            "bad_value": "1",
            "features": [{"name": "a"}],
            "split": {"test": "much"},
        },
    ],
)
def test_documents_of_another_shape_are_refused(document):
    with pytest.raises(SpecError):
        spec_from_document(document)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "forest"},
        {"calibration": "guess"},
        {"seed": -1},
        {"seed": 2**31},
        {"features": ()},
        {"features": (FeatureSpec(name="a", role="protected"),)},
        {"features": (FeatureSpec(name="a"), FeatureSpec(name="a"))},
        {"features": (FeatureSpec(name=""),)},
        {"features": (FeatureSpec(name="default"),)},
        {"features": (FeatureSpec(name="a", type="date"),)},
        {"features": (FeatureSpec(name="a", role="boss"),)},
        {"features": (FeatureSpec(name="a", trend="up"),)},
        {"features": (FeatureSpec(name="a", special_codes=("x",)),)},
        {"features": (FeatureSpec(name="a", special_codes=(float("nan"),)),)},
        {"features": (FeatureSpec(name="a", special_codes=tuple(range(40))),)},
        {"features": (FeatureSpec(name="a", type="categorical", special_codes=(1.0,)),)},
        {"features": (FeatureSpec(name="a", type="categorical", trend="ascending"),)},
        {"split": SplitSpec(validation=0.0)},
        {"split": SplitSpec(test=0.9)},
        {"split": SplitSpec(validation=0.5, test=0.5)},
        {"scale": ScaleSpec(base_odds=0.0)},
        {"scale": ScaleSpec(points_to_double=0)},
        {"scale": ScaleSpec(base_score=10_001)},
        {"scorecard": ScorecardOptions(max_bins=1)},
        {"scorecard": ScorecardOptions(min_bin_share=0.0)},
        {"scorecard": ScorecardOptions(min_bin_rows=0)},
        {"scorecard": ScorecardOptions(max_correlation=0.0)},
        {"boosting": BoostingOptions(max_rounds=0)},
        {"boosting": BoostingOptions(learning_rate=0.0)},
        {"boosting": BoostingOptions(leaves=100_000)},
        {"boosting": BoostingOptions(lambda_l2=float("nan"))},
    ],
)
def test_contradictions_are_refused(change):
    with pytest.raises(SpecError):
        replace(spec("scorecard"), **change)


@pytest.mark.parametrize(
    ("part", "values"),
    [
        ("scorecard", {"max_bins": 5.0}),
        ("scorecard", {"max_bins": True}),
        ("scorecard", {"min_iv": "0.1"}),
        ("scorecard", {"min_iv": None}),
        ("boosting", {"auto_monotone": 1}),
        ("boosting", {"lambda_l2": 10**400}),
        ("scale", {"base_score": 600.5}),
    ],
)
def test_options_of_another_type_are_refused(part, values):
    with pytest.raises(SpecError):
        spec_from_document({**spec("scorecard").to_document(), part: values})


def test_a_whole_number_may_stand_for_a_float():
    document = {**spec("scorecard").to_document(), "scale": {"base_odds": 20}}
    assert type(spec_from_document(document).scale.base_odds) is float


def test_every_option_reaches_the_document():
    document = spec("boosting").to_document()
    assert set(document) == {entry.name for entry in fields(TrainingSpec)}
    assert set(document["boosting"]) == {entry.name for entry in fields(BoostingOptions)}


GRADES = (("A", 0.01), ("B", 0.05), ("C", 0.2))


@pytest.mark.parametrize(
    ("pd", "grade"),
    [(0.0, "A"), (0.0099, "A"), (0.01, "B"), (0.05, "C"), (0.1999, "C"), (0.2, "C"), (1.0, "C")],
)
def test_a_pd_on_a_bound_is_the_worse_grade(pd, grade):
    assert grade_of(pd, GRADES) == grade


@pytest.mark.parametrize(
    ("pd", "boundaries"),
    [
        (0.1, ()),
        (0.1, (("A", 0.2), ("B", 0.2))),
        (0.1, (("A", 0.3), ("B", 0.2))),
        (-0.1, GRADES),
        (1.1, GRADES),
        (float("nan"), GRADES),
    ],
)
def test_grades_that_make_no_sense_are_refused(pd, boundaries):
    with pytest.raises(EngineError):
        grade_of(pd, boundaries)
