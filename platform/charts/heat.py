"""A heat map: rows by columns in seven steps, from bad (orange) to good (blue)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from charts.area import WIDE, Size
from charts.drawing import notes_of, picture
from charts.lettering import SMALL, lettering, shorten, width
from charts.markup import Markup, join, number, tag
from charts.numerals import PERCENT, NumberFormat, finite
from charts.palette import HEAT, fill, stroke
from charts.words import Lang, say

MOST_ROWS: Final = 30
MOST_COLUMNS: Final = 31
_TITLED: Final = 420


@dataclass(frozen=True, kw_only=True)
class HeatMap:
    """``values[row][column]`` from ``low`` (worst) to ``high`` (best); None is an empty cell."""

    title: str
    description: str = ""
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: Sequence[Sequence[float | None]]
    low: float = 0.0
    high: float = 1.0
    format: NumberFormat = PERCENT
    notes: tuple[str, ...] = ()
    lang: Lang = "en"

    def step(self, value: float | None) -> str:
        """The tone of a value: one of seven steps; "track" where there is none."""
        held = finite(value)
        if held is None:
            return "track"
        share = (held - self.low) / (self.high - self.low) if self.high > self.low else 1.0
        return HEAT[min(max(int(share * len(HEAT)), 0), len(HEAT) - 1)]


def draw_heat_map(heat: HeatMap, *, key: str, size: Size = WIDE) -> Markup:
    """The map as a complete ``<svg>``; the first 30 rows and the last 31 columns.

    Raises ValueError when the values' shape does not fit the names.
    """
    if len(heat.values) != len(heat.rows) or any(len(r) != len(heat.columns) for r in heat.values):
        raise ValueError("values must have one row a name and one cell a column")
    notes = _notes(heat)
    shown_rows = heat.rows[:MOST_ROWS]
    first = max(len(heat.columns) - MOST_COLUMNS, 0)
    columns = heat.columns[first:]
    if not shown_rows or not columns:
        nothing = say(heat.lang, "No data")
        body = lettering(size.width / 2, 60, nothing, anchor="middle")
        return _whole(heat, key, size, body, 110.0, (nothing, *notes))
    left = min(max(width(n) for n in shown_rows) + 12, size.width * (0.34 if size.narrow else 0.3))
    wide = (size.width - left - 4) / len(columns)
    tall = min(max(wide, 20.0), 26.0)
    top = 26.0
    parts = [_key(heat, size)]
    titled = len(shown_rows) * len(columns) <= _TITLED
    for index, name in enumerate(shown_rows):
        y = top + index * tall
        cells = list(heat.values[index][first:])
        parts.append(
            lettering(left - 8, y + tall / 2 + 4, name, anchor="end", tone="ink", room=left - 10)
        )
        parts.append(_row(heat, (left, y, wide, tall), name, columns, cells, titled=titled))
    bottom = top + tall * len(shown_rows)
    every = max(1, math.ceil((min(max(width(c, SMALL) for c in columns), 90) + 8) / wide))
    for index in range(0, len(columns), every):
        text = shorten(columns[index], wide * every - 3, SMALL)
        half = width(text, SMALL) / 2
        x = min(left + (index + 0.5) * wide, size.width - half - 1)
        parts.append(
            lettering(
                x, bottom + 16, columns[index], anchor="middle", size=SMALL, room=wide * every - 3
            )
        )
    y = bottom + 20
    for note in notes:
        y += 15
        parts.append(lettering(2, y, note, size=SMALL, room=size.width - 4))
    return _whole(heat, key, size, join(parts), y + 7, notes)


def _whole(
    heat: HeatMap, key: str, size: Size, body: Markup, height: float, notes: tuple[str, ...]
) -> Markup:
    said = notes_of((heat.description or heat.title, *notes))
    return picture(body, key=key, size=size, height=height, title=heat.title, description=said)


def _notes(heat: HeatMap) -> tuple[str, ...]:
    notes = heat.notes
    lost = sum(1 for row in heat.values for v in row if v is not None and finite(v) is None)
    if lost:
        notes = (*notes, say(heat.lang, "values left out, not numbers: {n}", n=f"{lost:,}"))
    if len(heat.rows) > MOST_ROWS:
        words, total = "first {shown} of {total} shown", f"{len(heat.rows):,}"
        notes = (*notes, say(heat.lang, words, shown=MOST_ROWS, total=total))
    if len(heat.columns) > MOST_COLUMNS:
        words, total = "latest {shown} of {total} shown", f"{len(heat.columns):,}"
        notes = (*notes, say(heat.lang, words, shown=MOST_COLUMNS, total=total))
    return notes


def _key(heat: HeatMap, size: Size) -> Markup:
    """The colour key at the top right: seven steps between the two ends, and the empty cell."""
    low, high = heat.format.full(heat.low), heat.format.full(heat.high)
    nothing = say(heat.lang, "No data")
    x = size.width - 4 - width(high, SMALL)
    parts = [lettering(x, 12, high, size=SMALL)]
    x -= 6 + 14 * len(HEAT)
    for index, tone in enumerate(HEAT):
        parts.append(tag("rect", x=x + 14 * index, y=3, width=14, height=10, **fill(tone)))
    parts.append(lettering(x - 5, 12, low, anchor="end", size=SMALL))
    x -= 5 + width(low, SMALL) + 16 + width(nothing, SMALL)
    parts.append(lettering(x, 12, nothing, size=SMALL))
    parts.append(tag("rect", x=x - 19, y=3, width=14, height=10, **_paint("track")))
    return join(parts)


def _row(
    heat: HeatMap,
    box: tuple[float, float, float, float],
    name: str,
    columns: tuple[str, ...],
    cells: list[float | None],
    *,
    titled: bool,
) -> Markup:
    left, top, wide, tall = box
    if not titled:
        return _runs(heat, box, name, cells)
    parts = []
    for index, value in enumerate(cells):
        tone = heat.step(value)
        x, written = left + index * wide, heat.format.full(value)
        cell = tag(
            "path",
            tag("title", f"{name} \u00b7 {columns[index]}: {written}"),
            d=_cell(x, top, wide, tall),
            **_paint(tone),
        )
        parts.append(cell)
        if finite(value) is not None and width(written, SMALL) + 4 <= wide:
            parts.append(
                lettering(
                    x + wide / 2 - 0.5,
                    top + tall / 2 + 4,
                    written,
                    anchor="middle",
                    size=SMALL,
                    tone=f"on-{tone}",
                    extra="ch-quiet",
                )
            )
    return join(parts)


def _paint(tone: str) -> dict[str, str]:
    """A measured cell is filled; one without a value is only a dashed outline."""
    if tone != "track":
        return fill(tone, "ch-cell")
    return {**stroke("axis", "ch-cell"), "fill": "none", "stroke_dasharray": "2 2"}


def _cell(x: float, top: float, wide: float, tall: float) -> str:
    return f"M{number(x)} {number(top)}h{number(wide - 1)}v{number(tall - 1)}h{number(1 - wide)}z"


def _runs(
    heat: HeatMap, box: tuple[float, float, float, float], name: str, cells: list[float | None]
) -> Markup:
    """One path a step and row, for maps too big to name every cell; the title has the range."""
    left, top, wide, tall = box
    paths: dict[str, str] = {}
    for index, value in enumerate(cells):
        d = _cell(left + index * wide, top, wide, tall)
        tone = heat.step(value)
        paths[tone] = paths.get(tone, "") + d
    held = [v for raw in cells if (v := finite(raw)) is not None]
    write = heat.format.full
    ends = f"{write(min(held))} \u2013 {write(max(held))}" if held else write(None)
    marks = [tag("path", d=d, **_paint(tone)) for tone, d in paths.items()]
    return tag("g", tag("title", f"{name}: {ends}"), *marks)
