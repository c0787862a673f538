"""Layers over a numeric or ordered axis: lines, steps, bands, points with intervals, histograms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

from charts.area import Area, Layer, LegendEntry, Reading, Swatch
from charts.markup import Markup, join, number, tag
from charts.numerals import finite
from charts.palette import fill, stroke
from charts.scale import Point, pairs, thin

_LIMIT: Final = 200
_FEW: Final = 30
_MOST_POINTS: Final = 80


def _path(points: Sequence[Point], *, step: bool = False) -> str:
    parts: list[str] = []
    for index, (x, y) in enumerate(points):
        if step and index:
            parts.append(f"H{number(x)}V{number(y)}")
        else:
            parts.append(f"{'L' if index else 'M'}{number(x)} {number(y)}")
    return "".join(parts)


@dataclass(frozen=True, kw_only=True)
class Line(Layer):
    """A line or a step line; with ``low`` and ``high`` a band around it.

    ``breaks`` starts a new piece wherever a y is not finite instead of bridging the hole;
    a ``reference`` line is thin and, like a ``silent`` one, says nothing on hover;
    ``legend_name`` is longer than the name that hovering repeats.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float | None]
    tone: str = "s1"
    dash: str | None = None
    low: Sequence[float | None] | None = None
    high: Sequence[float | None] | None = None
    step: bool = False
    dots: bool = False
    shade: bool = False
    reference: bool = False
    silent: bool = False
    breaks: bool = False
    legend_name: str = ""

    @cached_property
    def _points(self) -> list[Point]:
        return pairs(self.x, self.y)[0]

    def _pieces(self) -> list[list[Point]]:
        if not self.breaks:
            return [thin(self._points, _LIMIT)]
        pieces: list[list[Point]] = [[]]
        for x, y in zip(self.x, self.y, strict=True):
            held_x, held_y = finite(x), finite(y)
            if held_x is None or held_y is None:
                pieces.append([])
            else:
                pieces[-1].append((held_x, held_y))
        return [thin(piece, _LIMIT) for piece in pieces if piece]

    @cached_property
    def _interval(self) -> list[tuple[float, float, float]]:
        if self.low is None or self.high is None:
            return []
        rows = []
        for x, low, high in zip(self.x, self.low, self.high, strict=True):
            a, b, c = finite(x), finite(low), finite(high)
            if a is not None and b is not None and c is not None:
                rows.append((a, b, c))
        return rows

    def span_x(self) -> tuple[float, ...]:
        return tuple(p[0] for p in self._points)

    def span_y(self) -> tuple[float, ...]:
        edges = [v for row in self._interval for v in row[1:]]
        return (*(p[1] for p in self._points), *edges)

    def legend(self) -> tuple[LegendEntry, ...]:
        name = self.legend_name or self.name
        return (LegendEntry(name=name, tone=self.tone, dash=self.dash),) if name else ()

    def left_out(self) -> int:
        return 0 if self.breaks else pairs(self.x, self.y)[1]

    def readings(self, area: Area) -> tuple[Reading, ...]:
        if self.reference or self.silent:
            return ()
        edges = {row[0]: row[1:] for row in self._interval}
        write = area.format(self.side).full
        made = []
        for x, y in self._points[:: max(len(self._points) // _LIMIT, 1)]:
            text = f"{self.name}: {write(y)}"
            if x in edges:
                text += f" [{write(edges[x][0])}, {write(edges[x][1])}]"
            made.append(Reading(x=x, y=y, text=text, tone=self.tone, side=self.side))
        return tuple(made)

    def draw(self, area: Area) -> Markup:
        def place(point: Point) -> Point:
            return area.x(point[0]), area.y(point[1], self.side)

        parts = []
        rows = self._interval
        if len(rows) > 1:
            upper = thin([(x, high) for x, _, high in rows], _LIMIT)
            lower = thin([(x, low) for x, low, _ in rows], _LIMIT)
            outline = _path([place(p) for p in (*upper, *reversed(lower))]) + "Z"
            parts.append(tag("path", d=outline, fill_opacity="0.14", **fill(self.tone)))
        for piece in self._pieces():
            placed = [place(p) for p in piece]
            if len(placed) == 1 or (self.dots and len(placed) <= _FEW):
                parts.extend(tag("circle", cx=x, cy=y, r=3, **fill(self.tone)) for x, y in placed)
            if len(placed) < 2:
                continue
            if self.shade:
                floor = number(area.bottom)
                shape = f"{_path(placed, step=self.step)}V{floor}H{number(placed[0][0])}Z"
                parts.append(tag("path", d=shape, fill_opacity="0.12", **fill(self.tone)))
            parts.append(
                tag(
                    "path",
                    d=_path(placed, step=self.step),
                    fill="none",
                    stroke_width="1.2" if self.reference else "2",
                    stroke_dasharray="4 4" if self.reference and not self.dash else self.dash,
                    stroke_linejoin="round",
                    **stroke(self.tone),
                )
            )
        return tag("g", join(parts), class_="ch-mark")


@dataclass(frozen=True, kw_only=True)
class Points(Layer):
    """Points with intervals; each answers to hovering with ``notes`` or its own numbers.

    ``listed`` ones answer in the hover columns instead and stay out of the legend.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float | None]
    low: Sequence[float | None] | None = None
    high: Sequence[float | None] | None = None
    notes: Sequence[str] | None = None
    tone: str = "s1"
    radius: float = 4
    hollow: bool = False
    listed: bool = False

    @cached_property
    def _rows(self) -> list[tuple[float, float, float | None, float | None, str]]:
        empty: list[float | None] = [None] * len(self.x)
        low = empty if self.low is None else self.low
        high = empty if self.high is None else self.high
        notes = [""] * len(self.x) if self.notes is None else self.notes
        rows = []
        for x, y, a, b, note in zip(self.x, self.y, low, high, notes, strict=True):
            held_x, held_y = finite(x), finite(y)
            if held_x is not None and held_y is not None:
                rows.append((held_x, held_y, finite(a), finite(b), note))
        if len(rows) <= _MOST_POINTS:
            return rows
        chosen = set(thin([(row[0], row[1]) for row in rows], _MOST_POINTS))
        return [row for row in rows if (row[0], row[1]) in chosen][:_MOST_POINTS]

    def span_x(self) -> tuple[float, ...]:
        return tuple(row[0] for row in self._rows)

    def span_y(self) -> tuple[float, ...]:
        return tuple(v for row in self._rows for v in row[1:4] if v is not None)

    def legend(self) -> tuple[LegendEntry, ...]:
        if self.listed or not self.name:
            return ()
        swatch: Swatch = "ring" if self.hollow else "dot"
        return (LegendEntry(name=self.name, tone=self.tone, swatch=swatch),)

    def readings(self, area: Area) -> tuple[Reading, ...]:
        if not self.listed:
            return ()
        write = area.format(self.side).full
        made = []
        for x, y, low, high, _ in self._rows:
            text = f"{self.name}: {write(y)}"
            if low is not None and high is not None:
                text += f" [{write(low)}, {write(high)}]"
            made.append(Reading(x=x, y=y, text=text, tone=self.tone, side=self.side))
        return tuple(made)

    def left_out(self) -> int:
        return pairs(self.x, self.y)[1]

    def draw(self, area: Area) -> Markup:
        paint, edge = fill("surface" if self.hollow else self.tone), stroke(self.tone)
        both = {**paint, **edge, "class_": f"{paint['class_']} {edge['class_']}"}
        named = not self.listed and len(self._rows) <= _FEW
        parts = []
        for x, y, low, high, note in self._rows:
            left, top = area.x(x), area.y(y, self.side)
            marks = [tag("circle", cx=left, cy=top, r=self.radius)]
            if low is not None and high is not None:
                a, b = area.y(low, self.side), area.y(high, self.side)
                whisker = f"M{number(left)} {number(a)}V{number(b)}"
                caps = "".join(f"M{number(left - 4)} {number(v)}h8" for v in (a, b))
                marks.insert(0, tag("path", d=whisker + caps))
            if named:
                marks.append(tag("title", note or self._said(area, (x, y, low, high))))
            parts.append(tag("g", *marks, class_="ch-point"))
        return tag("g", join(parts), stroke_width="1.5", **both)

    def _said(self, area: Area, row: tuple[float, float, float | None, float | None]) -> str:
        x, y, low, high = row
        write = area.format(self.side).full
        said = f"{self.name}: {area.x_format.full(x)}, {write(y)}"
        return said if low is None or high is None else f"{said} [{write(low)}, {write(high)}]"


@dataclass(frozen=True, kw_only=True)
class Histogram(Layer):
    """Counts or shares between ``edges`` (one more than ``values``), drawn as a filled outline."""

    name: str
    edges: Sequence[float]
    values: Sequence[float | None]
    tone: str = "s1"
    dash: str | None = None

    def _bins(self) -> list[tuple[float, float, float]]:
        if len(self.values) and len(self.edges) != len(self.values) + 1:
            raise ValueError("a histogram needs one more edge than values")
        rows = []
        for (a, b), value in zip(pairwise(self.edges), self.values, strict=False):
            low, high, held = finite(a), finite(b), finite(value)
            if low is not None and high is not None and held is not None:
                rows.append((low, high, held))
        return rows

    def span_x(self) -> tuple[float, ...]:
        return tuple(v for row in self._bins() for v in row[:2])

    def span_y(self) -> tuple[float, ...]:
        return tuple(row[2] for row in self._bins())

    def legend(self) -> tuple[LegendEntry, ...]:
        return (LegendEntry(name=self.name, tone=self.tone, swatch="band", dash=self.dash),)

    def left_out(self) -> int:
        return sum(1 for v in self.values if v is not None and finite(v) is None)

    def readings(self, area: Area) -> tuple[Reading, ...]:
        write, write_x = area.format(self.side).full, area.x_format.full
        return tuple(
            Reading(
                x=(low + high) / 2,
                y=value,
                tone=self.tone,
                text=f"{self.name} ({write_x(low)} \u2013 {write_x(high)}): {write(value)}",
            )
            for low, high, value in self._bins()
        )

    def draw(self, area: Area) -> Markup:
        rows = self._bins()
        if not rows:
            return Markup("")
        base = area.y(0.0)
        d, last = "", None
        for low, high, value in rows:
            top = number(area.y(value))
            if last is None or last != low:
                d += f"{'V' + number(base) if d else ''}M{number(area.x(low))} {number(base)}"
            d += f"V{top}H{number(area.x(high))}"
            last = high
        d += f"V{number(base)}"
        paint = fill(self.tone)
        line = stroke(self.tone)
        both = {**paint, **line, "class_": f"{paint['class_']} {line['class_']}"}
        return tag(
            "path", d=d, fill_opacity="0.22", stroke_width="1.6", stroke_dasharray=self.dash, **both
        )
