"""The generic kit under hard inputs."""

from __future__ import annotations

import math
import random
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charts.area import NARROW, WIDE, Axis, Layer, Size
from charts.bands import Band
from charts.columns import Bars, BarSeries
from charts.curves import Histogram, Line, Points
from charts.heat import HeatMap, draw_heat_map
from charts.horizontal import HorizontalBars, draw_horizontal
from charts.lettering import shorten, width, wrap
from charts.markup import Markup, clean, identifier, tag
from charts.miniature import progress_bar, ring, sparkline
from charts.multiples import draw_multiples
from charts.palette import LIGHT
from charts.plot import Plot, draw_plot
from charts.references import Gap, Rule, Spot

SVG = "{http://www.w3.org/2000/svg}"
LIMIT = 60_000
ANY = st.one_of(st.none(), st.floats(), st.integers(-10, 10).map(float))


def one(*layers: Layer, size: Size = WIDE, categories: tuple[str, ...] | None = None) -> str:
    plot = Plot(title="t", x=Axis(categories=categories), y=Axis(), layers=layers)
    svg = draw_plot(plot, key="k", size=size)
    ElementTree.fromstring(svg)
    assert len(svg.encode()) < LIMIT
    assert "nan" not in svg
    assert "inf" not in svg
    return svg


def test_line_places_its_points() -> None:
    plot = Plot(
        title="t",
        x=Axis(low=0, high=10),
        y=Axis(low=0, high=10),
        layers=(Line(name="a", x=(0, 10), y=(0, 10)),),
    )
    root = ElementTree.fromstring(draw_plot(plot, key="k"))
    d = next(n.get("d") for n in root.iter(f"{SVG}path") if n.get("stroke-width") == "2")
    start, end = d.removeprefix("M").split("L")
    (x0, y0), (x1, y1) = (map(float, p.split()) for p in (start, end))
    assert x1 == WIDE.width - 10
    assert x1 > x0
    assert y0 > y1
    assert y0 - y1 == WIDE.height - 48


def test_bars_have_heights_in_proportion() -> None:
    svg = one(Bars(series=(BarSeries(name="a", values=(1, 2, 4)),)), categories=("x", "y", "z"))
    bars = [
        float(n.get("height"))
        for n in ElementTree.fromstring(svg).iter(f"{SVG}rect")
        if "ch-bar" in n.get("class", "")
    ]
    assert bars[1] / bars[0] == pytest.approx(2, rel=0.01)
    assert bars[2] / bars[0] == pytest.approx(4, rel=0.01)


def test_stacked_bars_stand_on_each_other() -> None:
    series = (BarSeries(name="a", values=(3,)), BarSeries(name="b", values=(1,), tone="s2"))
    root = ElementTree.fromstring(one(Bars(series=series, mode="stack"), categories=("x",)))
    lower, upper = (n for n in root.iter(f"{SVG}rect") if "ch-bar" in n.get("class", ""))
    assert float(upper.get("y")) + float(upper.get("height")) == pytest.approx(
        float(lower.get("y")), abs=0.11
    )
    assert float(lower.get("height")) == pytest.approx(3 * float(upper.get("height")), abs=0.3)


def test_what_is_no_number_is_left_out_and_said() -> None:
    svg = one(Line(name="a", x=(1, 2, 3, 4), y=(1, math.nan, math.inf, 2)))
    assert "values left out, not numbers: 2" in svg


def test_holes_break_a_line_that_may_break() -> None:
    svg = one(Line(name="a", x=(1, 2, 3, 4, 5), y=(1, 2, None, 2, 1), breaks=True))
    paths = [
        n for n in ElementTree.fromstring(svg).iter(f"{SVG}path") if n.get("stroke-width") == "2"
    ]
    assert len(paths) == 2
    assert "left out" not in svg


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize(
    "values", [(5.0,), (0.0,), (1e300, -1e300), (1e-300, 2e-300), (1e15, 1e15 + 1), (-3.0, -3.0)]
)
def test_extreme_values(values: tuple[float, ...], size: Size) -> None:
    x = tuple(range(len(values)))
    one(Line(name="a", x=x, y=values), size=size)
    one(Line(name="a", x=values, y=x), size=size)
    one(Points(name="a", x=values, y=values, low=values, high=values), size=size)
    names = tuple(map(str, x))
    one(Bars(series=(BarSeries(name="a", values=values),)), categories=names, size=size)
    bars = HorizontalBars(title="t", names=names, series=(BarSeries(name="a", values=values),))
    svg = draw_horizontal(bars, key="k", size=size)
    ElementTree.fromstring(svg)
    assert "nan" not in svg


def test_ten_thousand_of_everything() -> None:
    rng = random.Random(1)
    x = [float(i) for i in range(10_000)]
    y = [rng.gauss(0, 1) for _ in x]
    low, high = [v - 1 for v in y], [v + 1 for v in y]
    one(*(Line(name=n, x=x, y=y, low=low, high=high) for n in "abc"))
    one(Points(name="a", x=x, y=y, low=low, high=high))
    names = tuple(f"category {i}" for i in range(10_000))
    svg = one(Bars(series=(BarSeries(name="a", values=y),)), categories=names)
    assert "first 200 of 10,000 shown" in svg
    bars = HorizontalBars(title="t", names=names, series=(BarSeries(name="a", values=y),))
    svg = draw_horizontal(bars, key="k")
    assert "first 40 of 10,000 shown" in svg
    assert len(svg.encode()) < LIMIT


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(ANY, ANY), max_size=8), st.text(max_size=12))
def test_any_numbers_and_any_text_give_well_formed_xml(
    rows: list[tuple[float | None, float | None]], text: str
) -> None:
    x = [math.nan if a is None else a for a, _ in rows]
    y = [b for _, b in rows]
    layers = (
        Line(name=text, x=x, y=y, low=y, high=y, shade=True, step=True),
        Points(name=text, x=x, y=y),
        Rule(along="x", value=x[0] if x else 0.0, label=text),
        Rule(along="y", value=x[0] if x else 0.0, label=text),
        Gap(x=0.5, low=0.0, high=x[0] if x else 1.0, label=text),
        Spot(x=x[0] if x else 0.0, y=0.0, label=text),
    )
    plot = Plot(title=text, x=Axis(title=text), y=Axis(title=text), layers=layers, notes=(text,))
    ElementTree.fromstring(draw_plot(plot, key=text, size=NARROW))
    bars = Bars(series=(BarSeries(name=text, values=y), BarSeries(name="b", values=y)))
    plot = Plot(title=text, x=Axis(categories=tuple(text for _ in y)), y=Axis(), layers=(bars,))
    ElementTree.fromstring(draw_plot(plot, key=text))


def test_histogram_wants_one_more_edge() -> None:
    with pytest.raises(ValueError, match="one more edge"):
        one(Histogram(name="a", edges=(0, 1), values=(1, 2)))


def test_heat_map_wants_a_matching_shape() -> None:
    heat = HeatMap(title="t", rows=("a",), columns=("x", "y"), values=((1.0,),))
    with pytest.raises(ValueError, match="one row a name"):
        draw_heat_map(heat, key="k")


@pytest.mark.parametrize(
    ("value", "tone"),
    [(0.0, "q0"), (-5.0, "q0"), (0.5, "q3"), (1.0, "q6"), (9.0, "q6"), (None, "track")],
)
def test_heat_steps(value: float | None, tone: str) -> None:
    assert HeatMap(title="t", rows=(), columns=(), values=()).step(value) == tone


def test_ring_and_bar_write_the_share_and_clip_the_mark() -> None:
    assert ">62%<" in ring(0.62, key="k", label="a")
    assert ">120%<" in ring(1.2, key="k", label="a")
    assert "a: 120.0%" in progress_bar(1.2, key="k", label="a")
    for share in (None, math.nan, -1.0, 0.0, 0.5, 3.0):
        for made in (ring(share, key="k", label="<a>"), progress_bar(share, key="k", label="<a>")):
            root = ElementTree.fromstring(made)
            assert root[0].text == "<a>"
            for bar in root.iter(f"{SVG}rect"):
                assert float(bar.get("width")) <= 240 - 54


def test_sparkline_marks_its_last_known_point() -> None:
    root = ElementTree.fromstring(sparkline((1, None, 3, 2, math.nan), key="k", label="Use"))
    assert root[1].text == "Use: 2"
    assert len(list(root.iter(f"{SVG}circle"))) == 1
    assert next(root.iter(f"{SVG}path")).get("d", "").count("M") == 2
    assert ElementTree.fromstring(sparkline((), key="k", label="Use"))[1].text == "Use"


def test_multiples_hold_twelve_panels_with_titles() -> None:
    plots = [
        Plot(title=f"p{i}", x=Axis(), y=Axis(), layers=(Line(name="a", x=(0, 1), y=(0, i)),))
        for i in range(14)
    ]
    svg = draw_multiples(plots, key="k", title="All")
    root = ElementTree.fromstring(svg)
    assert len(root.findall(f"{SVG}svg")) == 12
    assert "first 12 of 14 shown" in svg
    assert len(svg.encode()) < LIMIT
    assert "No data" in draw_multiples([], key="k", title="All")


def test_text_is_measured_and_cut() -> None:
    assert width("中文") == 24
    assert shorten("short", 200) == "short"
    cut = shorten("a very long name for a column", 60)
    assert cut.endswith("\u2026")
    assert width(cut) <= 60
    assert wrap("[21.5, 35.0)", 40, 11) == ("[21.5,", "35.0)")
    assert wrap("fits", 100) == ("fits",)


def test_markup_escapes_all_but_markup() -> None:
    assert tag("g", "<b>", Markup("<b/>"), data_x='"') == '<g data-x="&quot;">&lt;b&gt;<b/></g>'
    assert clean("a\x00\x0b\ud800b") == "a\ufffd\ufffd\ufffdb"
    assert Markup("<b/>").__html__() == "<b/>"


def test_ids_are_stable_unique_and_safe() -> None:
    assert identifier("a", "t") == identifier("a", "t")
    assert identifier("a b", "t") != identifier("a-b", "t")
    assert identifier("<x>\ud800", "t").replace("-", "").isalnum()


def test_a_band_has_both_bounds_and_a_reading() -> None:
    svg = one(Band(name="range", x=(0, 1, 2), low=(1, 2, None), high=(3, 1, 5)))
    assert "range: 1 \u2013 3" in svg
    assert "range: 1 \u2013 2" in svg
    assert "not numbers: 1" in svg
    shape = next(
        n.get("d")
        for n in ElementTree.fromstring(svg).iter(f"{SVG}path")
        if n.get("fill-opacity") == "0.16"
    )
    assert shape.count("L") == 3


def test_hover_names_the_nearest_value_of_every_series() -> None:
    x = tuple(range(5))
    svg = one(
        Line(name="a", x=x, y=(1, 2, 3, 4, 5)), Line(name="b", x=x, y=(9, 8, 7, 6, 5), tone="s2")
    )
    said = [
        group[0].text
        for group in ElementTree.fromstring(svg).iter(f"{SVG}g")
        if group.get("class") == "ch-hit"
    ]
    assert said == [f"{i}\na: {i + 1}\nb: {9 - i}" for i in range(5)]


def test_without_stylesheet_the_hover_box_is_invisible_and_colours_are_light() -> None:
    svg = one(Line(name="a", x=(0, 1), y=(0, 1)))
    root = ElementTree.fromstring(svg)
    tips = [g for g in root.iter(f"{SVG}g") if g.get("class") == "ch-tip"]
    assert tips
    assert all(g.get("opacity") == "0" for g in tips)
    assert any(n.get("stroke") == LIGHT["s1"] for n in root.iter(f"{SVG}path"))
