"""Ticks, scales and thinning."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charts.scale import Scale, nice_step, pairs, spread, thin, ticks, widen

SENSIBLE = st.floats(-1e12, 1e12, allow_nan=False)


@pytest.mark.parametrize(
    ("low", "high", "count", "expected"),
    [
        (0.0, 1.0, 5, (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)),
        (0.0, 0.25, 5, (0.0, 0.05, 0.1, 0.15, 0.2, 0.25)),
        (-3.0, 7.0, 5, (-2.0, 0.0, 2.0, 4.0, 6.0)),
        (412.0, 798.0, 4, (500.0, 600.0, 700.0)),
    ],
)
def test_ticks_are_round(low: float, high: float, count: int, expected: tuple[float, ...]) -> None:
    found, _ = ticks(low, high, count)
    assert found == pytest.approx(expected)


@given(SENSIBLE, SENSIBLE)
def test_ticks_lie_inside_and_are_few(one: float, other: float) -> None:
    low, high = spread([one, other])
    found, step = ticks(low, high, 5)
    slack = step * 1e-6
    assert len(found) <= 12
    assert all(low - slack <= value <= high + slack for value in found)
    mantissa = step / 10 ** math.floor(math.log10(step) + 1e-9)
    assert min(abs(mantissa - f) for f in (1, 2, 2.5, 5, 10)) < 1e-6


@given(SENSIBLE, SENSIBLE)
def test_widening_never_cuts(one: float, other: float) -> None:
    low, high = spread([one, other])
    wide = widen(low, high, 5)
    assert wide[0] <= low + (high - low) * 1e-6
    assert wide[1] >= high - (high - low) * 1e-6


@given(st.lists(st.floats(-1e300, 1e300, allow_nan=False), max_size=5), st.booleans())
def test_spread_always_has_width(values: list[float], zero: bool) -> None:
    low, high = spread(values, zero=zero)
    assert low < high
    assert all(low <= value <= high for value in values)
    assert not zero or not values or low <= 0 <= high


def test_step() -> None:
    assert nice_step(1, 5) == pytest.approx(0.2)
    assert nice_step(11, 5) == pytest.approx(2)
    assert nice_step(13, 5) == pytest.approx(2.5)
    assert nice_step(1e-12, 4) == pytest.approx(2.5e-13)


def test_scale_holds_outsiders_at_the_border() -> None:
    scale = Scale(0, 10, 100, 200)
    assert [scale(v) for v in (-5, 0, 2.5, 10, 11)] == [100, 100, 125, 200, 200]
    assert Scale(-1e300, 1e300, 0, 10)(0) == 5


def test_pairs_count_what_is_left_out() -> None:
    kept, lost = pairs((1, 2, math.nan, 4, 5), (1, math.inf, 3, None, -5))
    assert kept == [(1, 1), (5, -5)]
    assert lost == 3
    with pytest.raises(ValueError, match="zip"):
        pairs((1,), (1, 2))


def test_thin_keeps_ends_and_the_spike() -> None:
    points = [(float(i), 0.0) for i in range(10_000)]
    points[4_321] = (4_321.0, 9.0)
    kept = thin(points, 200)
    assert len(kept) == 200
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert (4_321.0, 9.0) in kept
    assert kept == sorted(kept)


def test_thin_leaves_short_lines_alone() -> None:
    points = [(0.0, 1.0), (1.0, 2.0)]
    assert thin(points, 200) == points
