"""How numbers are written."""

from __future__ import annotations

import math

import pytest

from charts.numerals import COUNT, PERCENT, PLAIN, POINTS, SIGNED, THREE, NumberFormat, finite


@pytest.mark.parametrize(
    ("form", "value", "expected"),
    [
        (PERCENT, 0.1234, "12.3%"),
        (PERCENT, 0.0, "0.0%"),
        (PERCENT, 1.0, "100.0%"),
        (PERCENT, 0.00012, "0.01%"),
        (PERCENT, -0.05, "\u22125.0%"),
        (COUNT, 30_000, "30,000"),
        (COUNT, 1.6, "2"),
        (THREE, 0.7871, "0.787"),
        (THREE, 0.0004, "<0.001"),
        (THREE, -0.0004, ">\u22120.001"),
        (THREE, 0.0, "0.000"),
        (SIGNED, 0.6, "+0.60"),
        (SIGNED, -0.6, "\u22120.60"),
        (SIGNED, 0.0, "0.00"),
        (POINTS, 12, "+12"),
        (PLAIN, 2.5, "2.5"),
        (PLAIN, 584, "584"),
        (PLAIN, 1e-9, "1e\u22129"),
        (PLAIN, 2.5e20, "2.5e20"),
        (NumberFormat(unit=" ms", digits=1), 3.14, "3.1 ms"),
        (PLAIN, None, "\u2013"),
        (PLAIN, math.nan, "\u2013"),
        (PLAIN, -math.inf, "\u2013"),
    ],
)
def test_full(form: NumberFormat, value: float | None, expected: str) -> None:
    assert form.full(value) == expected


@pytest.mark.parametrize(
    ("form", "value", "step", "expected"),
    [
        (PERCENT, 0.25, 0.05, "25%"),
        (PERCENT, 0.025, 0.005, "2.5%"),
        (PLAIN, 0.30000000000000004, 0.1, "0.3"),
        (PLAIN, 1e-17, 0.1, "0"),
        (PLAIN, 500, 100, "500"),
        (PLAIN, 1500, 500, "1,500"),
        (PLAIN, 20_000, 5_000, "20k"),
        (PLAIN, 2_500_000, 500_000, "2.5M"),
        (PLAIN, -3e9, 1e9, "\u22123B"),
        (PLAIN, 2e-9, 1e-9, "2e\u22129"),
        (PLAIN, 5e200, 1e200, "5e200"),
    ],
)
def test_tick(form: NumberFormat, value: float, step: float, expected: str) -> None:
    assert form.tick(value, step) == expected


def test_finite() -> None:
    assert finite(None) is None
    assert finite(math.nan) is None
    assert finite(1e301) is None
    assert finite(True) == 1.0
    assert finite(3) == 3.0
