"""Splits: disjoint, stratified, reproducible, and never across a moment."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.splitting import TEST, TRAIN, VALIDATION, out_of_time_split, stratified_split


@given(st.integers(0, 10_000), st.integers(20, 400), st.integers(20, 400))
def test_stratified_parts_hold_their_share_of_each_outcome(seed, bads, goods):
    y = np.repeat([1, 0], [bads, goods])
    part = stratified_split(y, validation=0.25, test=0.15, seed=seed).part
    for outcome, size in ((1, bads), (0, goods)):
        held = part[y == outcome]
        assert (held == TEST).sum() == round(0.15 * size)
        assert (held == VALIDATION).sum() == round(0.25 * size)
    assert set(np.unique(part)) <= {TRAIN, VALIDATION, TEST}


def test_the_seed_decides_the_rows():
    y = np.repeat([0, 1], [500, 500])
    first = stratified_split(y, validation=0.2, test=0.2, seed=1)
    assert (first.part == stratified_split(y, validation=0.2, test=0.2, seed=1).part).all()
    assert (first.part != stratified_split(y, validation=0.2, test=0.2, seed=2).part).any()
    assert first.test_name == "out_of_sample"


def test_no_test_fraction_gives_no_test_rows():
    part = stratified_split(np.repeat([0, 1], 50), validation=0.2, test=0.0, seed=1).part
    assert (part == TEST).sum() == 0
    assert (part == VALIDATION).sum() == 20


def test_out_of_time_tests_the_latest_rows_and_parts_no_moment():
    generator = np.random.default_rng(0)
    time = generator.integers(0, 24, 5000)
    y = generator.integers(0, 2, 5000)
    split = out_of_time_split(y, time, validation=0.2, test=0.2, seed=1)
    assert split.test_name == "out_of_time"
    assert time[split.part == TEST].min() > time[split.part != TEST].max()
    assert split.boundary == str(time[split.part == TEST].min())
    assert (split.part == TEST).mean() == pytest.approx(0.2, abs=0.03)
    assert (split.part == VALIDATION).mean() == pytest.approx(0.2, abs=0.01)


def test_out_of_time_takes_dates():
    time = np.array(["2024-01-01", "2024-02-01", "2024-03-01"] * 20, dtype="datetime64[D]")
    split = out_of_time_split(np.tile([0, 1], 30), time, validation=0.2, test=0.3, seed=1)
    assert split.boundary == "2024-03-01"


def test_one_moment_cannot_be_split():
    with pytest.raises(ValueError, match="two moments"):
        out_of_time_split(np.array([0, 1]), np.array([3, 3]), validation=0.2, test=0.2, seed=1)
