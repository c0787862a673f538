"""The stylesheet: same colours as the marks, readable in both modes, told apart by everyone."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

import charts
from charts.area import NARROW, WIDE
from charts.palette import HEAT, LIGHT, SERIES
from charts.picture import About, figure
from tests.charts.samples import pictures

CSS = (Path(charts.__file__).parent / "static/charts/charts.css").read_text(encoding="utf-8")
TEXT = ("ink", "muted", "warn", "danger", "neutral")

# Simulation of full dichromacy in linear RGB: G. Machado, M. Oliveira, L. Fernandes,
# A Physiologically-based Model for Simulation of Color Vision Deficiency, 2009, severity 1.0.
VISION = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def block(selector: str) -> dict[str, str]:
    body = re.search(rf"^\s*{re.escape(selector)} \{{(.*?)\}}", CSS, re.S | re.M)
    assert body is not None
    return dict(re.findall(r"--chart-([a-z0-9-]+): (#[0-9a-f]{6});", body.group(1)))


MODES = {"light": block(":root"), "dark": block(".dark"), "print": block(":root, .dark")}


def linear(colour: str) -> list[float]:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio."""
    light = sorted(
        sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear(x), strict=True))
        for x in (one, other)
    )
    return (light[1] + 0.05) / (light[0] + 0.05)


def lab(colour: str, vision: str) -> tuple[float, float, float]:
    """CIE L*a*b* (D65) of a colour as seen."""
    rgb = linear(colour)
    seen = [
        min(max(sum(m * c for m, c in zip(row, rgb, strict=True)), 0), 1) for row in VISION[vision]
    ]
    x = (0.4124 * seen[0] + 0.3576 * seen[1] + 0.1805 * seen[2]) / 0.95047
    y = 0.2126 * seen[0] + 0.7152 * seen[1] + 0.0722 * seen[2]
    z = (0.0193 * seen[0] + 0.1192 * seen[1] + 0.9505 * seen[2]) / 1.08883
    f = [v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z)]
    return 116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])


def distance(one: str, other: str, vision: str) -> float:
    """CIE 1976 colour difference."""
    pair = zip(lab(one, vision), lab(other, vision), strict=True)
    return sum((a - b) ** 2 for a, b in pair) ** 0.5


def test_the_known_contrast_of_black_and_white() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert lab("#ffffff", "normal") == pytest.approx((100, 0, 0), abs=0.05)


def test_light_and_print_equal_the_marks_and_dark_names_the_same() -> None:
    assert MODES["light"] == LIGHT
    assert MODES["print"] == LIGHT
    assert set(MODES["dark"]) == set(LIGHT)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_text_is_readable(mode: str) -> None:
    colours = MODES[mode]
    for tone in TEXT:
        assert contrast(colours[tone], colours["surface"]) >= 4.5, tone
    for tone in HEAT:
        assert contrast(colours[f"on-{tone}"], colours[tone]) >= 4.5, tone


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_marks_stand_out_from_the_surface(mode: str) -> None:
    colours = MODES[mode]
    for tone in (*SERIES, "good", "bad"):
        assert contrast(colours[tone], colours["surface"]) >= 3.0, tone


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_series_stay_apart(mode: str, vision: str) -> None:
    colours = MODES[mode]
    for one, other in itertools.combinations(SERIES[:3], 2):
        assert distance(colours[one], colours[other], vision) >= 22, (one, other)
    assert distance(colours["good"], colours["bad"], vision) >= 40
    for one, other in itertools.combinations(SERIES, 2):
        assert distance(colours[one], colours[other], vision) >= 12, (one, other)


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_neighbouring_heat_steps_differ(mode: str, vision: str) -> None:
    for one, other in itertools.pairwise(HEAT):
        assert distance(MODES[mode][one], MODES[mode][other], vision) >= 7, (one, other)


def test_every_colour_class_in_use_has_its_rule() -> None:
    used: set[str] = set()
    for size in (WIDE, NARROW):
        for picture in pictures():
            used |= set(
                re.findall(r"[\" ](ch-[fk]-[a-z0-9-]+)[\" ]", picture.svg(key="x", size=size))
            )
    assert len(used) > 10
    for name in used:
        word = "fill" if "-f-" in name else "stroke"
        assert f".{name} {{ {word}: var(--chart-{name[5:]}); }}" in CSS, name


def test_the_figure_uses_only_known_classes() -> None:
    html = figure(pictures()[1], key="k", about=About(rows=1), csv_url="x")
    outer = set(re.findall(r'<(?:figure|div|span|table|td)[^>]* class="([^"]+)"', html))
    assert outer == {
        "ch-figure", "ch-title", "ch-about", "ch-wide", "ch-slim", "ch-data", "ch-scroll",
        "ch-table", "ch-num",
    }  # fmt: skip
    for name in outer:
        assert f".{name} " in CSS


def test_loads_nothing_from_elsewhere() -> None:
    assert "url(" not in CSS
    assert "@import" not in CSS
