"""Horizontal bars: long names at the left, values at the bars' ends, reference lines across."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from charts.area import WIDE, LegendEntry, Size
from charts.columns import BarSeries
from charts.drawing import notes_of, picture
from charts.legend import legend
from charts.lettering import SMALL, lettering, width
from charts.markup import Markup, join, number, tag
from charts.numerals import PLAIN, NumberFormat, finite
from charts.palette import fill, stroke
from charts.scale import Scale, spread, ticks, widen
from charts.words import Lang, say

MOST_ROWS: Final = 40
_LANE: Final = 14.0


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """A reference value across horizontal bars."""

    value: float
    label: str
    tone: str = "danger"


@dataclass(frozen=True, kw_only=True)
class HorizontalBars:
    """Bars by name, grouped or stacked; ``texts`` replaces the value written at the bar's end."""

    title: str
    description: str = ""
    names: tuple[str, ...]
    series: tuple[BarSeries, ...]
    mode: Literal["group", "stack"] = "group"
    format: NumberFormat = PLAIN
    axis_title: str = ""
    low: float | None = None
    high: float | None = None
    thresholds: tuple[Threshold, ...] = ()
    texts: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()
    lang: Lang = "en"


@dataclass(frozen=True)
class _Frame:
    left: float
    right: float
    top: float
    pitch: float
    scale: Scale
    above: bool


def draw_horizontal(chart: HorizontalBars, *, key: str, size: Size = WIDE) -> Markup:
    """The bars as a complete ``<svg>``, as tall as its rows need; at most 40 rows."""
    shown = min(len(chart.names), MOST_ROWS)
    notes = _notes(chart, shown)
    entries = tuple(
        LegendEntry(name=one.name, tone=one.tone, swatch="box") for one in chart.series if one.name
    )
    key_marks, key_height = legend(entries if len(entries) > 1 else (), left=2, room=size.width - 4)
    values = _values(chart, shown)
    if not shown or not values:
        nothing = say(chart.lang, "No data")
        body = lettering(size.width / 2, 60, nothing, anchor="middle")
        return _whole(chart, key, size, body, 110.0, (nothing, *notes))
    frame = _lay_out(chart, size, key_height, shown, values)
    bottom = frame.top + frame.pitch * shown
    parts = [key_marks, _grid(chart, frame, bottom, size)]
    rows = [_row(chart, frame, index) for index in range(shown)]
    parts += [bars for bars, _ in rows]
    parts += [_across(frame, bottom, one, place) for place, one in enumerate(chart.thresholds)]
    parts += [texts for _, texts in rows]
    y = bottom + 20
    if chart.axis_title:
        y += 16
        middle = (frame.left + frame.right) / 2
        parts.append(lettering(middle, y, chart.axis_title, anchor="middle", size=SMALL))
    for note in notes:
        y += 15
        parts.append(lettering(2, y, note, size=SMALL, room=size.width - 4))
    return _whole(chart, key, size, join(parts), y + 7, notes)


def _whole(
    chart: HorizontalBars,
    key: str,
    size: Size,
    body: Markup,
    height: float,
    notes: tuple[str, ...],
) -> Markup:
    said = notes_of((chart.description or chart.title, *notes))
    return picture(body, key=key, size=size, height=height, title=chart.title, description=said)


def _notes(chart: HorizontalBars, shown: int) -> tuple[str, ...]:
    lost = sum(1 for one in chart.series for v in one.values if v is not None and finite(v) is None)
    notes = chart.notes
    if lost:
        notes = (*notes, say(chart.lang, "values left out, not numbers: {n}", n=f"{lost:,}"))
    if shown < len(chart.names):
        total = f"{len(chart.names):,}"
        words = "first {shown} of {total} shown"
        notes = (*notes, say(chart.lang, words, shown=shown, total=total))
    return notes


def _values(chart: HorizontalBars, shown: int) -> list[float]:
    rows = [[finite(one.values[i]) for one in chart.series] for i in range(shown)]
    if chart.mode == "stack":
        sums = [[v for v in row if v is not None] for row in rows]
        return [sum(row) for row in sums if row]
    return [v for row in rows for v in row if v is not None]


def _lay_out(
    chart: HorizontalBars, size: Size, top: float, shown: int, values: list[float]
) -> _Frame:
    marks = [t for one in chart.thresholds if (t := finite(one.value)) is not None]
    low, high = spread([*values, *marks], zero=True)
    low, high = widen(low, high, 4)
    low = chart.low if chart.low is not None else low
    high = chart.high if chart.high is not None else high
    names = max(width(name) for name in chart.names[:shown])
    above = size.narrow and names + 12 > size.width * 0.36
    left = 3.0 if above else min(names + 12, size.width * 0.38)
    ends = chart.texts or tuple(chart.format.full(v) for v in values)
    right = size.width - 10 - min(max(width(t, SMALL) for t in ends) + 4, size.width * 0.28)
    lanes = len(chart.series) if chart.mode == "group" else 1
    pitch = 24.0 if lanes == 1 else _LANE * lanes + 10
    pitch += 15 if above else 0
    top += 4 + 16.0 * bool(chart.thresholds)
    return _Frame(left, right, top, pitch, Scale(low, high, left, right), above)


def _grid(chart: HorizontalBars, frame: _Frame, bottom: float, size: Size) -> Markup:
    marks, step = ticks(frame.scale.low, frame.scale.high, 3 if size.narrow else 5)
    d, parts = "", []
    for value in marks:
        x = frame.scale(value)
        d += f"M{number(x)} {number(frame.top)}V{number(bottom)}"
        shown = chart.format.tick(value, step)
        place = max(x, width(shown, SMALL) / 2 + 1)
        parts.append(lettering(place, bottom + 15, shown, anchor="middle", size=SMALL))
    base = frame.scale(min(max(0.0, frame.scale.low), frame.scale.high))
    line = f"M{number(base)} {number(frame.top)}V{number(bottom)}"
    return join((tag("path", d=d, **stroke("grid")), tag("path", d=line, **stroke("axis")), *parts))


def _row(chart: HorizontalBars, frame: _Frame, index: int) -> tuple[Markup, Markup]:
    """The bars of one row with their tooltip, and the texts to lay over everything."""
    top = frame.top + frame.pitch * index
    name, said, bars, texts = chart.names[index], [chart.names[index]], [], []
    lanes = len(chart.series) if chart.mode == "group" else 1
    middle = top + frame.pitch - 5 - _LANE * lanes / 2
    if frame.above:
        texts.append(lettering(frame.left, top + 13, name, tone="ink", room=frame.right, halo=True))
    else:
        room = frame.left - 10
        texts.append(
            lettering(frame.left - 8, middle + 4, name, anchor="end", tone="ink", room=room)
        )
    up = down = 0.0
    furthest = frame.scale(0.0)
    for place, one in enumerate(chart.series):
        value = finite(one.values[index])
        words = chart.format.full(value)
        said.append(f"{one.name}: {words}" if one.name else words)
        lane = place if chart.mode == "group" else 0
        y = middle - _LANE * lanes / 2 + lane * _LANE
        start = 0.0
        if chart.mode == "stack":
            start = up if (value or 0.0) >= 0 else down
            up, down = up + max(value or 0.0, 0.0), down + min(value or 0.0, 0.0)
        a, b = frame.scale(start), frame.scale(start + (value or 0.0))
        if value is not None and (value or chart.mode == "group"):
            rounded = 1.5 if chart.mode == "group" else None
            box = {"x": min(a, b), "y": y + 0.5, "width": max(abs(b - a), 0.8), "height": 13.0}
            tone = one.tones[index] if one.tones is not None else one.tone
            bars.append(tag("rect", **box, rx=rounded, **fill(tone)))
        furthest = max(furthest, a, b)
        if chart.mode == "group" and chart.texts is None:
            texts.append(_end(max(a, b), y + 11, words))
    if chart.texts is not None:
        said.append(chart.texts[index])
        texts.append(_end(furthest, middle + 4, chart.texts[index]))
    title = tag("title", "\n".join(dict.fromkeys(said)))
    return tag("g", title, *bars, class_="ch-bar"), join(texts)


def _end(x: float, y: float, words: str) -> Markup:
    return lettering(x + 5, y, words, size=SMALL, tone="ink", halo=True)


def _across(frame: _Frame, bottom: float, one: Threshold, place: int) -> Markup:
    held = finite(one.value)
    if held is None:
        return Markup("")
    x = frame.scale(held)
    line = tag(
        "path",
        d=f"M{number(x)} {number(frame.top - 3)}V{number(bottom)}",
        stroke_dasharray="5 3",
        stroke_width="1.4",
        **stroke(one.tone),
    )
    wide = width(one.label, SMALL)
    anchor = "end" if place % 2 == 0 and place + 1 < 2 and x - wide > frame.left else "start"
    if x + wide > frame.right + 40:
        anchor = "end"
    label = lettering(x, frame.top - 6, one.label, tone=one.tone, anchor=anchor, size=SMALL)
    return tag("g", line, label)
