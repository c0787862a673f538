"""Scores: one row and a batch are the same bits, and both are what the artifact says."""

import json

import numpy as np
import pytest

from ml.trees import raw_one, raw_rows
from ml.treeshap import contributions_one
from scoring.engine import kernels
from scoring.engine.encoding import CodedColumn
from scoring.engine.errors import ScoreInputError
from scoring.engine.loading import load_scorer
from scoring.engine.warmup import warm_up
from tests.scoring_engine.samples import columns_of, probes, row, scorer, trained

KINDS = ["scorecard", "boosting"]


@pytest.mark.parametrize("kind", KINDS)
def test_one_row_and_batch_are_the_same_bits_on_100_000_rows(kind):
    columns, _ = columns_of(100_000, 3)
    for name, column in probes().items():
        columns[name][: len(column)] = column
    model = scorer(kind)
    batch = model.score_batch(columns)
    names = list(columns)
    rows = zip(*(columns[name].tolist() for name in names), strict=True)
    results = [model.score_one(dict(zip(names, values, strict=True))) for values in rows]
    score = np.array([result.score for result in results], dtype=np.int32)
    pd = np.array([result.pd for result in results])
    assert batch.score.tobytes() == score.tobytes()
    assert batch.pd.tobytes() == pd.tobytes()


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_loaded_again_gives_the_same_bits(kind):
    first, again = scorer(kind), load_scorer(trained(kind).artifact)
    assert first.score_batch(probes()).pd.tobytes() == again.score_batch(probes()).pd.tobytes()


@pytest.mark.parametrize("kind", KINDS)
def test_reasons_of_one_row_and_of_a_batch_are_the_same(kind):
    model = scorer(kind)
    chosen = np.arange(0, 3000, 7)
    batch = model.reasons_batch(probes(), rows=chosen, k=4)
    scored = model.score_batch(
        {name: column[chosen] for name, column in probes().items()}, reasons=4
    )
    assert scored.reasons is not None
    assert scored.reasons.feature.tobytes() == batch.feature.tobytes()
    assert scored.reasons.contribution.tobytes() == batch.contribution.tobytes()
    assert model.score_batch(probes()).reasons is None
    for place, at in enumerate(chosen.tolist()):
        values = row(probes(), at)
        assert model.reasons_one(values) == batch.of(place)
        reasons = model.score_one(values, reasons=4).reasons
        assert tuple(reason.feature for reason in reasons) == batch.of(place)
        amounts = [reason.contribution for reason in reasons]
        assert batch.contribution[place][: len(amounts)].tolist() == amounts


@pytest.mark.parametrize("kind", KINDS)
def test_reasons_are_the_largest_positive_contributions_in_stable_order(kind):
    model = scorer(kind)
    signed = model.contributions_batch(probes())
    batch = model.reasons_batch(probes(), k=3)
    names = [feature.name for feature in model.features]
    for place in range(len(signed)):
        order = sorted(range(len(names)), key=lambda i: (-signed[place, i], i))
        expected = tuple(names[i] for i in order if signed[place, i] > 0)[:3]
        assert batch.of(place) == expected
    assert model.contributions_one(row(probes(), 9)) == dict(
        zip(names, signed[9].tolist(), strict=True)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_rows_may_be_chosen_by_mask_or_index(kind):
    model = scorer(kind)
    mask = np.zeros(3000, dtype=bool)
    mask[[5, 17, 2999]] = True
    by_mask = model.reasons_batch(probes(), rows=mask)
    by_index = model.reasons_batch(probes(), rows=np.array([5, 17, 2999]))
    assert by_mask.feature.tolist() == by_index.feature.tolist()
    assert by_mask.feature.shape == (3, 4)


def bin_by_hand(feature: dict, value: object) -> int:
    """The bin of a value, from the artifact's text alone."""
    if feature["type"] == "categorical":
        groups, specials = feature["groups"], feature["specials"]
        if value is None:
            return len(groups) + len(specials) + 1
        for place, group in enumerate(groups):
            if value in group:
                return place
        return len(groups) + (specials.index(value) if value in specials else len(specials))
    ranges = len(feature["thresholds"]) + 1
    if value is None or np.isnan(value):
        return ranges + len(feature["specials"])
    if value in feature["specials"]:
        return ranges + feature["specials"].index(value)
    return sum(value > threshold for threshold in feature["thresholds"])


def test_a_scorecards_score_is_the_integer_sum_of_its_points_table():
    document = json.loads(trained("scorecard").artifact)
    model, columns = scorer("scorecard"), probes()
    batch = model.score_batch(columns)
    names = [feature["name"] for feature in document["features"]]
    for place in range(0, 3000, 5):
        values = row(columns, place)
        score = document["base_points"]
        losses = {}
        for feature in document["features"]:
            points = feature["points"][bin_by_hand(feature, values[feature["name"]])]
            assert type(points) is int
            score += points
            losses[feature["name"]] = feature["average_points"] - points
        assert batch.score[place] == score
        assert batch.pd[place] == document["pd"]["values"][score - document["pd"]["lowest"]]
        assert model.contributions_one(values) == losses
        order = sorted(losses, key=lambda name: (-losses[name], names.index(name)))
        assert model.reasons_one(values) == tuple(n for n in order if losses[n] > 0)[:4]


def test_average_points_are_the_mean_over_the_training_rows():
    document = json.loads(trained("scorecard").artifact)
    for feature in document["features"]:
        counts = [entry["count"] for entry in feature["bins"]]
        assert feature["average_points"] == pytest.approx(
            np.average(feature["points"], weights=counts)
        )


@pytest.mark.parametrize("kind", KINDS)
def test_pd_falls_as_the_score_rises_and_the_scale_doubles_the_odds(kind):
    batch = scorer(kind).score_batch(probes())
    order = np.argsort(batch.score)
    assert (np.diff(batch.pd[order]) <= 0).all()
    document = json.loads(trained(kind).artifact)
    low, pds = document["pd"]["lowest"], document["pd"]["values"]
    odds = {low + i: (1 - pd) / pd for i, pd in enumerate(pds)}
    assert odds[520] / odds[500] == pytest.approx(2.0)
    if 600 in odds:
        assert odds[600] == pytest.approx(50.0)


def test_boosting_contributions_add_up_to_the_raw_score():
    model = scorer("boosting")
    sums = model.contributions_batch(probes()).sum(axis=1) + model.bias
    assert sums == pytest.approx(model.raw_batch(probes()), abs=1e-11)


@pytest.mark.parametrize("kind", KINDS)
def test_special_codes_and_missing_are_no_places_on_the_scale(kind):
    model = scorer(kind)
    base = row(probes(), 200)
    assert base["income"] > 0
    worst = max(
        model.score_one({**base, "income": value}).score for value in (1.0, 10.0, 100.0, 1000.0)
    )
    richest = model.score_one({**base, "income": 1e12}).score
    assert richest >= worst
    assert model.score_one({**base, "income": np.inf}).score == richest
    coded = model.score_one({**base, "income": -9.0}).score
    assert coded != model.score_one({**base, "income": -9.5}).score


@pytest.mark.parametrize("kind", KINDS)
def test_an_unseen_category_is_the_rare_ones_group(kind):
    model, base = scorer(kind), row(probes(), 200)
    texts = ("astronaut", "never seen", "", "\u5317", "x" * 10_000)
    assert len({model.score_one({**base, "job": text}).score for text in texts}) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("age", "41"),
        ("age", [41]),
        ("age", 10**400),
        ("age", 1j),
        ("job", 3),
        ("job", float("nan")),
        ("job", b"clerk"),
    ],
)
def test_a_value_of_another_type_is_refused_alike_in_row_and_batch(kind, name, value):
    model = scorer(kind)
    values = {**row(probes(), 100), name: value}
    with pytest.raises(ScoreInputError) as caught:
        model.score_one(values)
    assert caught.value.feature == name
    column = np.empty(1, dtype=object)
    column[0] = value
    columns = {key: held[100:101] for key, held in probes().items()}
    with pytest.raises(ScoreInputError) as caught:
        model.score_batch({**columns, name: column})
    assert caught.value.feature == name


@pytest.mark.parametrize("kind", KINDS)
def test_absent_values_and_ragged_columns_are_refused(kind):
    model = scorer(kind)
    values = row(probes(), 100)
    del values["age"]
    with pytest.raises(ScoreInputError, match="age: is absent"):
        model.score_one(values)
    columns = dict(probes())
    del columns["age"]
    with pytest.raises(ScoreInputError, match="age: the column is absent"):
        model.score_batch(columns)
    with pytest.raises(ScoreInputError, match="rows"):
        model.score_batch({**probes(), "age": probes()["age"][:10]})


@pytest.mark.parametrize("kind", KINDS)
def test_columns_may_come_in_other_forms(kind):
    model, plain = scorer(kind), probes()
    expected = model.score_batch(plain).score
    values = ("never seen", *sorted({text for text in plain["job"] if text is not None}))
    codes = np.array([-1 if t is None else values.index(t) for t in plain["job"]])
    ages = np.array([None if np.isnan(v) else v for v in plain["age"]], dtype=object)
    other = {**plain, "job": CodedColumn(codes, values), "age": ages}
    assert (model.score_batch(other).score == expected).all()
    whole = np.arange(20, 60)
    as_int = model.score_batch({k: v[100:140] for k, v in plain.items()} | {"age": whole})
    as_float = model.score_batch(
        {k: v[100:140] for k, v in plain.items()} | {"age": whole.astype(float)}
    )
    assert (as_int.score == as_float.score).all()
    with pytest.raises(ScoreInputError, match="no value"):
        model.score_batch({**plain, "job": CodedColumn(codes + 99, values)})


@pytest.mark.parametrize("kind", KINDS)
def test_no_rows_give_no_scores(kind):
    empty = {name: column[:0] for name, column in probes().items()}
    assert scorer(kind).score_batch(empty).score.shape == (0,)
    assert scorer(kind).reasons_batch(empty).feature.shape == (0, 4)


@pytest.mark.parametrize("kind", KINDS)
def test_fewer_than_one_reason_cannot_be_asked_for(kind):
    with pytest.raises(ValueError, match="at least one"):
        scorer(kind).reasons_one(row(probes(), 1), k=0)


@pytest.mark.parametrize("kind", KINDS)
def test_features_say_what_must_be_sent(kind):
    described = {feature.name: feature for feature in scorer(kind).features}
    assert described["income"].special_codes == (-9.0, -8.0)
    assert set(described["job"].categories) == {"clerk", "driver", "nurse", "smith"}
    assert described["age"].type == "numeric"


KERNELS = (
    kernels.bin_column,
    kernels.bin_row,
    kernels.expand,
    kernels.expand_rows,
    kernels.gather,
    kernels.sum_points,
    kernels.to_score,
    kernels.to_scores,
    kernels.top,
    kernels.top_losses,
    raw_one,
    raw_rows,
    contributions_one,
)


def test_warming_up_compiles_all_that_scoring_needs():
    warm_up()
    compiled = [set(kernel.signatures) for kernel in KERNELS]
    assert all(compiled)
    columns = {name: column[:50].copy() for name, column in probes().items()}
    for column in columns.values():
        column.setflags(write=False)
    for kind in KINDS:
        model = load_scorer(trained(kind).artifact)
        model.score_batch(columns, reasons=4)
        model.reasons_batch(columns, rows=np.array([3, 1]))
        model.score_one(row(columns, 2), reasons=4)
        model.contributions_one(row(columns, 2))
        model.contributions_batch(columns)
    assert [set(kernel.signatures) for kernel in KERNELS] == compiled
