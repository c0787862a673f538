"""Single-column separation against scikit-learn, PSI against its definition, and code proposals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from datasets.engine.drift import psi
from datasets.engine.relations import (
    category_auc,
    crossed_auc,
    missing_contrast,
    numeric_auc,
    rank_auc,
)
from datasets.engine.special_codes import propose_codes

RNG = np.random.default_rng(5)
N = 6_000
BAD = (RNG.random(N) < 0.2).astype(float)
NOTHING = np.zeros(N, dtype=bool)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=60))
def test_rank_auc_is_scikit_learns(pairs: list[tuple[int, bool]]) -> None:
    values = np.array([pair[0] for pair in pairs], dtype=float)
    bad = np.array([pair[1] for pair in pairs], dtype=float)
    found = rank_auc(values, bad)
    if bad.min() == bad.max():
        assert found is None
    else:
        assert found == pytest.approx(roc_auc_score(bad, values), abs=1e-12)


def test_direction_does_not_matter() -> None:
    score = BAD + RNG.normal(0, 1, N)
    auc = numeric_auc(score, NOTHING, BAD)
    assert auc == pytest.approx(roc_auc_score(BAD, score), abs=0.01)
    assert numeric_auc(-score, NOTHING, BAD) == pytest.approx(auc, abs=0.01)


def test_a_leak_through_missing_values_is_seen() -> None:
    values = np.where(BAD == 1, RNG.normal(0, 1, N), np.nan)
    assert numeric_auc(values, NOTHING, BAD) == pytest.approx(1.0)


def test_a_leak_in_the_middle_of_the_range_is_seen() -> None:
    values = np.where(BAD == 1, 0.0, np.sign(RNG.normal(0, 1, N))) + RNG.normal(0, 0.05, N)
    assert numeric_auc(values, NOTHING, BAD) > 0.95


def test_noise_and_unique_categories_do_not_look_like_leaks() -> None:
    assert numeric_auc(RNG.normal(0, 1, N), NOTHING, BAD) < 0.55
    assert category_auc(np.arange(N), BAD) == pytest.approx(0.5, abs=0.02)
    assert crossed_auc(RNG.integers(0, 1_000, N), BAD) < 0.56


def test_unknown_outcomes_take_no_part() -> None:
    bad = BAD.copy()
    bad[:1_000] = np.nan
    score = BAD + RNG.normal(0, 1, N)
    assert numeric_auc(score, NOTHING, bad) == pytest.approx(
        roc_auc_score(BAD[1_000:], score[1_000:]), abs=0.01
    )


def test_missing_contrast_gives_both_rates_and_their_z() -> None:
    missing = np.array([True] * 100 + [False] * 300)
    bad = np.array([1.0] * 40 + [0.0] * 60 + [1.0] * 60 + [0.0] * 240)
    found = missing_contrast(missing, bad)
    assert found is not None
    assert (found.missing_rate, found.present_rate, found.missing_rows) == (0.4, 0.2, 100)
    spread = np.sqrt(0.25 * 0.75 * (1 / 100 + 1 / 300))
    assert found.z == pytest.approx(0.2 / spread)


def test_psi_of_the_definition() -> None:
    assert psi([50, 50], [50, 50]) == 0.0
    expected = (0.7 - 0.5) * np.log(0.7 / 0.5) + (0.3 - 0.5) * np.log(0.3 / 0.5)
    assert psi([5, 5], [70, 30]) == pytest.approx(expected)
    assert psi([10, 0], [10, 0]) == 0.0
    assert psi([10, 0], [0, 10]) > 5


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        ([*range(20), *[-9] * 5], (-9,)),
        ([*range(20), *[-7] * 5, -8, -8], (-8, -7)),
        ([*range(18), *[96] * 3, *[98] * 9], (96, 98)),
        ([*range(50), *[999] * 4], (999,)),
        ([*np.linspace(100, 900, 50), -1, -1], (-1,)),
        ([*range(20), -9], ()),
        ([*range(101)] * 3, ()),
        ([-2, -1, 0, 1, 2, 3, 4, 5] * 30, ()),
        ([-5, *range(20), -9, -9], ()),
        (list(np.random.default_rng(0).normal(0, 50, 500)), ()),
        ([98, 98, 99, 99, 97, 96], ()),
    ],
)
def test_codes_stand_apart(values: list[float], codes: tuple[int, ...]) -> None:
    assert propose_codes(np.array(values, dtype=float)).codes == codes
