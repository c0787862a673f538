"""Intervals, Brier score and calibration tables against scipy and scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, binomtest
from sklearn.metrics import brier_score_loss

from ml.intervals import around, jeffreys, wilson
from ml.reliability import brier, calibration_table, expected_calibration_error

counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts)
def test_wilson_is_scipys(pair):
    bads, count = pair
    found = wilson(bads, count, 0.95)
    assert (found.method, found.level) == ("wilson", 0.95)
    expected = binomtest(bads, count).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-9)


@given(counts)
def test_jeffreys_is_the_beta_quantile_with_closed_ends(pair):
    bads, count = pair
    found = jeffreys(bads, count)
    low, high = beta.ppf([0.025, 0.975], bads + 0.5, count - bads + 0.5)
    assert found.low == (0.0 if bads == 0 else pytest.approx(low))
    assert found.high == (1.0 if bads == count else pytest.approx(high))
    assert found.low <= found.value <= found.high


@pytest.mark.parametrize("interval", [jeffreys, wilson])
def test_an_interval_says_its_level(interval):
    assert [interval(3, 10, level).level for level in (0.8, 0.99)] == [0.8, 0.99]
    assert interval(3, 10, 0.8).low > interval(3, 10, 0.99).low


@pytest.mark.parametrize("interval", [jeffreys, wilson])
def test_no_rows_say_nothing(interval):
    found = interval(0, 0)
    assert (found.low, found.high) == (0.0, 1.0)


def test_bootstrap_interval_is_held_within_its_bounds():
    found = around(0.01, np.array([0.0, 0.5, 1.0]), ceiling=0.3)
    assert (found.low, found.high) == (0.0, 0.3)


def sample(rows: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    pd = generator.beta(2, 8, rows)
    return (generator.random(rows) < pd).astype(int), pd


def test_brier_is_scikit_learns_and_its_interval_is_normal():
    y, pd = sample(3000)
    found = brier(y, pd)
    assert found.value == pytest.approx(brier_score_loss(y, pd), abs=1e-12)
    half = 1.959963984540054 * np.std((pd - y) ** 2, ddof=1) / np.sqrt(3000)
    assert found.high - found.value == pytest.approx(half)


def test_calibration_table_holds_every_row_and_recognises_true_probabilities():
    y, pd = sample(20_000)
    table = calibration_table(y, pd)
    assert len(table) == 10
    assert sum(row.count for row in table) == 20_000
    assert sum(row.bads for row in table) == y.sum()
    assert sum(row.inside for row in table) >= 8
    assert [row.predicted for row in table] == sorted(row.predicted for row in table)


def test_calibration_table_shows_probabilities_that_are_too_high():
    y, pd = sample(20_000)
    table = calibration_table(y, np.minimum(1.0, pd * 1.5))
    assert sum(row.inside for row in table) <= 2
    assert expected_calibration_error(y, pd * 1.5, seed=1).low > 0.05


def test_expected_error_is_the_weighted_mean_distance():
    y, pd = sample(500)
    table = calibration_table(y, pd)
    written_out = sum(row.count / 500 * abs(row.bads / row.count - row.predicted) for row in table)
    found = expected_calibration_error(y, pd, seed=2)
    assert found.value == pytest.approx(written_out)
    assert found == expected_calibration_error(y, pd, seed=2)
