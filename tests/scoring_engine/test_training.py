"""Training: reproducible, honest about what it left out, and stoppable."""

import itertools
import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from scoring.engine.errors import FrameError, TrainingError
from scoring.engine.frame import TrainingFrame
from scoring.engine.loading import load_scorer
from scoring.engine.spec import FeatureSpec, ScorecardOptions, SplitSpec
from scoring.engine.training import train
from tests.scoring_engine.samples import FEATURES, columns_of, frame, scorer, spec, trained

KINDS = ["scorecard", "boosting"]


@pytest.mark.parametrize("kind", KINDS)
def test_same_seed_and_data_give_the_same_bytes(kind):
    again = train(frame(), spec(kind))
    assert again.artifact == trained(kind).artifact
    assert again.report.to_json() == trained(kind).report.to_json()
    assert train(frame(), spec(kind, seed=7)).artifact != trained(kind).artifact


@pytest.mark.parametrize("kind", KINDS)
def test_one_changed_cell_changes_the_fingerprint_and_the_hash(kind):
    columns = {name: column.copy() for name, column in frame().columns.items()}
    columns["noise"][0] += 1.0
    changed = train(TrainingFrame(columns=columns, y=frame().y), spec(kind))
    assert changed.model_hash != trained(kind).model_hash


@pytest.mark.parametrize("kind", KINDS)
def test_report_measures_the_written_model_on_fresh_rows_as_scikit_learn_does(kind):
    report = trained(kind).report
    assert [part.name for part in report.parts] == ["train", "validation", "out_of_sample"]
    assert [part.rows for part in report.parts] == [3000, 1000, 1000]
    columns, y = columns_of(20_000, 9)
    scores = scorer(kind).score_batch(columns)
    fresh = roc_auc_score(y, scores.pd)
    tested = report.part("out_of_sample")
    assert tested.auc.low <= fresh <= tested.auc.high
    assert fresh > 0.68
    assert scores.pd.mean() == pytest.approx(y.mean(), abs=0.02)


@pytest.mark.parametrize("kind", KINDS)
def test_report_is_small_plain_json_with_all_its_figures(kind):
    report = trained(kind).report
    text = report.to_json()
    assert len(text) < 300_000
    document = json.loads(text)
    assert document["model_hash"] == trained(kind).model_hash
    for part in document["parts"]:
        assert part["gini"]["value"] == pytest.approx(2 * part["auc"]["value"] - 1, abs=1e-5)
        assert part["ks"]["low"] <= part["ks"]["value"] <= part["ks"]["high"]
        assert sum(row["count"] for row in part["calibration"]) == part["rows"]
        assert sum(goods + bads for _, _, goods, bads in part["distribution"]) == part["rows"]
        assert sum(bads for *_, bads in part["distribution"]) == part["bads"]
        assert part["roc"][-1]["bads"] == 1.0
    assert document["psi"]["psi"]["value"] < 0.1
    for feature in document["features"]:
        assert sum(entry["count"] for entry in feature["bins"]) == 3000
        assert feature["csi"]["psi"]["value"] < 0.1
    assert document["libraries"]["lightgbm"]


def test_forced_trends_hold_in_the_points():
    document = json.loads(trained("scorecard").artifact)
    features = {feature["name"]: feature for feature in document["features"]}
    for name, sign in (("utilisation", -1), ("income", 1)):
        points = features[name]["points"][: len(features[name]["thresholds"]) + 1]
        assert len(points) > 2
        assert all(sign * (right - left) >= 0 for left, right in itertools.pairwise(points))


@pytest.mark.parametrize(
    ("name", "sign", "grid"),
    [
        ("utilisation", 1, (-np.inf, 0.05, 0.3, 0.6, 1.2, np.inf)),
        ("income", -1, (0.0, 1500.0, 3000.0, 6000.0, 1e9)),
    ],
)
def test_forced_trends_hold_in_boosted_scores(name, sign, grid):
    columns, _ = columns_of(400, 5)
    raw = [scorer("boosting").raw_batch({**columns, name: np.full(400, v)}) for v in grid]
    for left, right in itertools.pairwise(raw):
        assert (sign * (right - left) >= -1e-12).all()
    assert (sign * (raw[-1] - raw[0]) > 0).all()


def test_noise_is_dropped_by_its_information_value():
    options = ScorecardOptions(min_iv=0.02)
    report = train(frame(), spec("scorecard", scorecard=options)).report
    dropped = {entry.name: entry.reason for entry in report.dropped}
    assert dropped["noise"] == "low_iv"
    assert "utilisation" not in dropped


def test_a_feature_no_tree_looks_at_need_not_be_sent():
    constant = np.ones(5000)
    features = (FeatureSpec(name="constant"), *FEATURES)
    model = train(with_columns({"constant": constant}), spec("boosting", features=features))
    assert ("constant", "unused") in {(d.name, d.reason) for d in model.report.dropped}
    loaded = load_scorer(model.artifact)
    assert "constant" not in {feature.name for feature in loaded.features}
    again = loaded.score_batch(frame().columns)
    assert again.score.tobytes() == scorer("boosting").score_batch(frame().columns).score.tobytes()


def with_columns(extra: dict[str, np.ndarray]) -> TrainingFrame:
    return TrainingFrame(columns={**frame().columns, **extra}, y=frame().y)


@pytest.mark.parametrize("kind", KINDS)
def test_what_must_not_train_is_left_out_and_named(kind):
    generator = np.random.default_rng(0)
    names = np.array([f"person {i}" for i in range(5000)], dtype=object)
    leak = np.asarray(frame().y) + generator.normal(0, 0.3, 5000)
    data = with_columns({"name": names, "sex": leak, "race": leak, "collected": leak, "hint": leak})
    features = (
        *FEATURES,
        FeatureSpec(name="name", type="categorical"),
        FeatureSpec(name="sex", role="protected"),
        FeatureSpec(name="race", role="prohibited"),
        FeatureSpec(name="collected", role="known_after_decision"),
        FeatureSpec(name="hint"),
    )
    report = train(data, spec(kind, features=features)).report
    dropped = {entry.name: entry.reason for entry in report.dropped}
    assert dropped["name"] == "near_unique_text"
    assert dropped["sex"] == "protected"
    assert dropped["race"] == "prohibited"
    assert dropped["collected"] == "known_after_decision"
    flags = {(flag.name, flag.reason) for flag in report.leaks}
    assert flags == {("hint", "separates_alone"), ("collected", "known_after_decision")}
    assert {f.name for f in report.features}.isdisjoint({"name", "sex", "race", "collected"})


def test_correlated_characteristics_keep_the_stronger():
    copy = np.where(np.arange(5000) % 50 == 0, np.nan, frame().columns["utilisation"])
    features = (*FEATURES, FeatureSpec(name="copy", trend="ascending"))
    report = train(with_columns({"copy": copy}), spec("scorecard", features=features)).report
    reasons = {entry.name: entry.reason for entry in report.dropped}
    assert reasons["copy"] == "correlated"


def test_number_of_characteristics_can_be_limited():
    options = ScorecardOptions(max_features=2)
    report = train(frame(), spec("scorecard", scorecard=options)).report
    assert sum(feature.used for feature in report.features) == 2
    assert "beyond_max_features" in {entry.reason for entry in report.dropped}


@pytest.mark.parametrize("kind", KINDS)
def test_a_time_column_gives_an_out_of_time_test(kind):
    months = np.sort(np.random.default_rng(0).integers(202301, 202313, 5000))
    data = TrainingFrame(columns=frame().columns, y=frame().y, time=months)
    report = train(data, spec(kind, time_column="month")).report
    assert [part.name for part in report.parts] == ["train", "validation", "out_of_time"]
    assert report.boundary == "202311"


@pytest.mark.parametrize("kind", KINDS)
def test_a_given_split_is_kept_and_a_test_part_may_be_empty(kind):
    part = np.tile(np.array([0, 0, 1], dtype=np.int8), 1667)[:5000]
    data = TrainingFrame(columns=frame().columns, y=frame().y, part=part)
    report = train(data, spec(kind)).report
    assert [(p.name, p.rows) for p in report.parts] == [
        ("train", int((part == 0).sum())),
        ("validation", int((part == 1).sum())),
    ]
    assert all(feature.csi is None for feature in report.features)


@pytest.mark.parametrize("kind", KINDS)
def test_isotonic_calibration_is_a_pd_table_that_never_rises(kind):
    model = load_scorer(trained(kind, "isotonic").artifact)
    columns, y = columns_of(20_000, 9)
    batch = model.score_batch(columns)
    assert (np.diff(batch.pd[np.argsort(batch.score)]) <= 0).all()
    assert batch.pd.mean() == pytest.approx(y.mean(), abs=0.03)
    assert batch.pd.min() > 0.0
    assert batch.pd.max() < 1.0


@pytest.mark.parametrize("kind", KINDS)
def test_progress_rises_to_its_total(kind):
    told = []
    train(frame(), spec(kind), lambda done, total, message: told.append((done, total, message)))
    assert len(told) >= 14
    assert [done for done, _, _ in told] == sorted(done for done, _, _ in told)
    assert told[-1][0] == told[-1][1]
    assert {total for _, total, _ in told} == {told[0][1]}


class Stop(Exception):
    """Raised by a caller who has had enough."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("after", [1, 4, 10])
def test_progress_may_stop_the_run(kind, after):
    calls = itertools.count()

    def stop(done: int, total: int, message: str) -> None:
        if next(calls) >= after:
            raise Stop

    with pytest.raises(Stop):
        train(frame(), spec(kind), stop)
    assert next(calls) == after + 1


def test_a_column_of_another_type_or_absent_is_refused():
    wrong = (FeatureSpec(name="job"),)
    with pytest.raises(FrameError, match="job: declared numeric"):
        train(frame(), spec("scorecard", features=wrong))
    with pytest.raises(FrameError, match="absent"):
        train(frame(), spec("scorecard", features=(FeatureSpec(name="nowhere"),)))
    with pytest.raises(FrameError, match="no time"):
        train(frame(), spec("scorecard", time_column="month"))


@pytest.mark.parametrize("kind", KINDS)
def test_data_without_signal_or_bads_train_nothing(kind):
    generator = np.random.default_rng(1)
    y = np.zeros(200, dtype=np.int8)
    y[:6] = 1
    data = TrainingFrame(columns={"noise": generator.normal(size=200)}, y=y)
    only = (FeatureSpec(name="noise"),)
    with pytest.raises(TrainingError, match="10 of each"):
        train(data, spec(kind, features=only))


def test_no_information_is_said():
    given = spec("scorecard", scorecard=ScorecardOptions(min_iv=0.02))
    with pytest.raises(TrainingError, match="information value"):
        train(frame(), replace(given, features=(FeatureSpec(name="noise"),)))


@pytest.mark.parametrize("kind", KINDS)
def test_infinities_in_the_data_do_no_harm(kind):
    ages = frame().columns["age"].copy()
    ages[:20], ages[20:40], ages[40:60] = np.inf, -np.inf, 1e308
    model = train(with_columns({"age": ages}), spec(kind))
    assert model.report.part("out_of_sample").auc.value > 0.65


def test_small_samples_calibrate_on_all_but_the_test():
    columns, y = columns_of(700, 4)
    small = TrainingFrame(columns=columns, y=y)
    report = train(small, spec("scorecard", split=SplitSpec(validation=0.1, test=0.2))).report
    assert report.notes == ("calibrated on train and validation",)
