"""PSI against its closed form, and its noise level against simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.drift import band, psi_of_counts, psi_of_scores

cells = st.lists(st.tuples(st.integers(1, 500), st.integers(1, 500)), min_size=2, max_size=12)


@given(cells)
def test_psi_is_the_closed_form(rows):
    e, a = np.array(rows).T
    p, q = e / e.sum(), a / a.sum()
    found = psi_of_counts(e, a, seed=1)
    assert found.psi.value == pytest.approx(float(((q - p) * np.log(q / p)).sum()), abs=1e-12)
    assert found.psi.low <= found.psi.value <= found.psi.high
    assert found.cells == len(rows)


@given(cells)
def test_psi_is_symmetric_and_zero_for_the_same_shares(rows):
    e, a = np.array(rows).T
    assert psi_of_counts(e, a, seed=1).psi.value == pytest.approx(
        psi_of_counts(a, e, seed=1).psi.value, abs=1e-12
    )
    assert psi_of_counts(e, 3 * e, seed=1).psi.value == pytest.approx(0.0, abs=1e-12)


def test_an_empty_cell_counts_half_a_row():
    found = psi_of_counts(np.array([50, 50, 0]), np.array([50, 0, 50]), seed=1).psi.value
    expected = (0.5 - 0.005) * np.log(0.5 / 0.005) * 2
    assert found == pytest.approx(expected)


def test_a_cell_empty_on_both_sides_is_left_out():
    assert psi_of_counts(np.array([5, 0, 5]), np.array([5, 0, 5]), seed=1).cells == 2


def test_noise_level_is_passed_by_one_in_twenty_samples_of_one_population():
    generator = np.random.default_rng(11)
    above = 0
    for _ in range(400):
        e, a = generator.multinomial(2000, [0.1] * 10), generator.multinomial(1000, [0.1] * 10)
        found = psi_of_counts(e, a, seed=1)
        above += found.psi.value > found.noise
    assert 8 <= above <= 36


def test_score_psi_uses_the_tenths_of_the_first_sample():
    generator = np.random.default_rng(5)
    expected = np.round(generator.normal(600, 30, 5000))
    same = psi_of_scores(expected, expected, seed=1)
    moved = psi_of_scores(expected, expected + 30, seed=1)
    assert same.psi.value == 0.0
    assert same.level == "stable"
    assert moved.psi.value > 0.5
    assert moved.level == "shifted"


@pytest.mark.parametrize(
    ("value", "word"), [(0.0999, "stable"), (0.1, "watch"), (0.2499, "watch"), (0.25, "shifted")]
)
def test_bands_end_where_the_trade_ends_them(value, word):
    assert band(value) == word


@pytest.mark.parametrize(("left", "right"), [([1, 2], [1, 2, 3]), ([0, 0], [1, 1]), ([1], [0])])
def test_unlike_or_empty_counts_are_refused(left, right):
    with pytest.raises(ValueError, match="same cells"):
        psi_of_counts(np.array(left), np.array(right), seed=1)
