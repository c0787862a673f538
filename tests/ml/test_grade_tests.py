"""Tests of grades against sums written out, a simulation and figures of the literature's formulas."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from ml.grade_tests import binomial_p, grade_test, hosmer_lemeshow, jeffreys_p


@pytest.mark.parametrize(
    ("bads", "count", "pd"), [(0, 10, 0.1), (3, 20, 0.05), (12, 500, 0.02), (5, 5, 0.3)]
)
def test_the_binomial_p_is_the_sum_of_its_terms(bads, count, pd):
    terms = [math.comb(count, k) * pd**k * (1 - pd) ** (count - k) for k in range(bads, count + 1)]
    assert binomial_p(bads, count, pd) == pytest.approx(sum(terms), rel=1e-10)


@pytest.mark.parametrize(("bads", "count", "pd"), [(1, 30, 0.02), (7, 120, 0.08), (40, 200, 0.15)])
def test_the_jeffreys_p_is_the_integral_of_the_density(bads, count, pd):
    a, b = bads + 0.5, count - bads + 0.5
    scale = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b))
    area, _error = integrate.quad(lambda x: scale * x ** (a - 1) * (1 - x) ** (b - 1), 0, pd)
    assert jeffreys_p(bads, count, pd) == pytest.approx(area, rel=1e-6)


@given(st.integers(1, 400), st.floats(0.001, 0.5), st.data())
def test_more_defaults_never_look_better(count, pd, data):
    bads = data.draw(st.integers(0, count - 1))
    for test in (binomial_p, jeffreys_p):
        assert test(bads + 1, count, pd) <= test(bads, count, pd) + 1e-12
        assert 0.0 <= test(bads, count, pd) <= 1.0


def test_a_true_pd_is_rejected_about_as_often_as_the_level_says():
    draw = np.random.default_rng(3)
    found = draw.binomial(400, 0.05, 4_000)
    for test in (binomial_p, jeffreys_p):
        share = np.mean([test(int(k), 400, 0.05) < 0.05 for k in found])
        assert 0.02 < share < 0.06, test


def test_no_case_says_nothing_and_the_mean_is_of_the_same_cases():
    empty = grade_test("A", [], [])
    assert (empty.binomial_p, empty.jeffreys_p, empty.predicted) == (1.0, 1.0, 0.0)
    one = grade_test("B", [1, 0, 0, 0], [0.1, 0.2, 0.3, 0.4])
    assert (one.bads, one.count, one.predicted) == (1, 4, pytest.approx(0.25))
    with pytest.raises(ValueError, match="different cases"):
        grade_test("C", [1], [])


def test_hosmer_lemeshow_adds_squared_standardised_differences():
    tests = [
        grade_test("A", [1] + [0] * 99, [0.02] * 100),
        grade_test("B", [1] * 12 + [0] * 88, [0.1] * 100),
    ]
    expected = (1 - 2) ** 2 / (100 * 0.02 * 0.98) + (12 - 10) ** 2 / (100 * 0.1 * 0.9)
    statistic, p = hosmer_lemeshow(tests)
    assert statistic == pytest.approx(expected)
    assert p == pytest.approx(stats.chi2.sf(expected, 2))
    assert hosmer_lemeshow([]) == (0.0, 1.0)
