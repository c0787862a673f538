"""Discrimination against scikit-learn, scipy and definitions written out."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp
from sklearn.metrics import roc_auc_score

from ml.discrimination import (
    MetricError,
    auc,
    auc_interval,
    gains_table,
    gini_of,
    ks,
    ks_interval,
    quantile_groups,
    roc_points,
)

samples = st.lists(
    st.tuples(st.integers(0, 1), st.integers(-20, 20)), min_size=4, max_size=80
).filter(lambda rows: len({outcome for outcome, _ in rows}) == 2)


def arrays(rows: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([r[0] for r in rows]), np.array([float(r[1]) for r in rows])


@given(samples)
def test_auc_is_scikit_learns(rows):
    y, risk = arrays(rows)
    assert auc(y, risk) == pytest.approx(roc_auc_score(y, risk), abs=1e-12)


@given(samples)
def test_ks_is_scipys(rows):
    y, risk = arrays(rows)
    assert ks(y, risk) == pytest.approx(
        ks_2samp(risk[y == 1], risk[y == 0], method="asymp").statistic, abs=1e-12
    )


@given(samples)
def test_auc_turns_round_with_the_risk(rows):
    y, risk = arrays(rows)
    assert auc(y, risk) + auc(y, -risk) == pytest.approx(1.0, abs=1e-12)


@given(samples)
def test_delong_variance_is_the_placement_variance_written_out(rows):
    y, risk = arrays(rows)
    bad, good = risk[y == 1], risk[y == 0]
    wins = (bad[:, None] > good[None, :]) + 0.5 * (bad[:, None] == good[None, :])
    variance = sum(
        np.var(wins.mean(axis=axis), ddof=1) / n if n > 1 else 0.0
        for axis, n in ((1, bad.size), (0, good.size))
    )
    found = auc_interval(y, risk)
    assert found.value == pytest.approx(wins.mean(), abs=1e-12)
    if 0 < found.value < 1 and variance > 1e-12:
        half = np.log(found.high / (1 - found.high)) - np.log(found.value / (1 - found.value))
        expected = 1.959963984540054 * np.sqrt(variance) / (found.value * (1 - found.value))
        if found.high < 1 - 1e-9:
            assert half == pytest.approx(expected, rel=1e-4)
    assert 0.0 <= found.low <= found.value <= found.high <= 1.0


def test_delong_interval_covers_the_true_auc():
    generator = np.random.default_rng(7)
    true = 0.7602499389065233  # standard normal shift of one: Phi(1 / sqrt(2))
    hits = 0
    for _ in range(300):
        y = np.repeat([0, 1], [120, 60])
        found = auc_interval(y, generator.normal(size=180) + y)
        hits += found.low <= true <= found.high
    assert 275 <= hits <= 297


def test_gini_follows_from_auc():
    y, risk = np.array([0, 1, 0, 1, 1]), np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    found = gini_of(auc_interval(y, risk))
    assert found.value == pytest.approx(2 * (5 / 6) - 1)
    assert found.low <= found.value <= found.high


def test_ks_interval_is_reproducible_and_holds_the_value():
    generator = np.random.default_rng(3)
    y = generator.integers(0, 2, 2000)
    risk = generator.normal(size=2000) + y
    first, again = ks_interval(y, risk, seed=5), ks_interval(y, risk, seed=5)
    assert first == again
    assert first.value == pytest.approx(ks(y, risk))
    assert 0.02 < first.high - first.low < 0.12
    assert ks_interval(y, risk, seed=6) != first


@given(samples)
def test_roc_curve_rises_from_corner_to_corner_and_holds_the_ks_point(rows):
    y, risk = arrays(rows)
    points = roc_points(y, risk, limit=5)
    assert (points[0].goods, points[0].bads) == (0.0, 0.0)
    assert (points[-1].goods, points[-1].bads) == pytest.approx((1.0, 1.0))
    for left, right in itertools.pairwise(points):
        assert right.goods >= left.goods
        assert right.bads >= left.bads
        assert right.threshold < left.threshold
    widest = max(abs(point.bads - point.goods) for point in points)
    assert widest == pytest.approx(ks(y, risk), abs=1e-12)


@given(samples)
def test_gains_add_up_and_never_part_equal_risks(rows):
    y, risk = arrays(rows)
    table = gains_table(y, risk)
    assert sum(row.count for row in table) == y.size
    assert sum(row.bads for row in table) == y.sum()
    assert table[-1].cumulative_bads == pytest.approx(1.0)
    assert table[-1].cumulative_lift == pytest.approx(1.0)
    groups = quantile_groups(risk, 10)
    assert all(len(set(groups[risk == value])) == 1 for value in np.unique(risk))


def test_gains_put_the_riskiest_first():
    y = np.array([1] * 10 + [0] * 90)
    table = gains_table(y, -np.arange(100.0))
    assert (table[0].bads, table[0].lift, table[0].cumulative_bads) == (10, 10.0, 1.0)


@pytest.mark.parametrize(
    ("y", "risk"),
    [
        ([1, 1], [0.1, 0.2]),
        ([0, 0], [0.1, 0.2]),
        ([0, 1], [0.1, float("nan")]),
        ([0, 1], [0.1, float("inf")]),
        ([0, 1, 1], [0.1, 0.2]),
        ([[0, 1]], [[0.1, 0.2]]),
    ],
)
def test_what_cannot_be_measured_is_refused(y, risk):
    with pytest.raises(MetricError):
        auc(np.array(y), np.array(risk))


@settings(max_examples=25)
@given(st.integers(1, 12), st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
def test_quantile_groups_stay_in_range_and_in_order(groups, values):
    held = np.array(values)
    found = quantile_groups(held, groups)
    assert found.min() >= 0
    assert found.max() < groups
    assert (np.diff(found[np.argsort(held, kind="stable")]) >= 0).all()
