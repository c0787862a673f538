"""Hover without script: invisible columns that show a cross-hair, dots and a box of values."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from typing import Final

from charts.area import Area, Reading
from charts.lettering import SMALL, shorten, width
from charts.markup import Markup, join, number, tag
from charts.palette import fill, stroke

_MOST: Final = 32
_MOST_CATEGORIES: Final = 72
_BOXED: Final = 110
_LINES: Final = 12
_LINE: Final = 15.0


def hover_columns(
    area: Area, readings: list[Reading], *, heading: str, categories: tuple[str, ...] | None
) -> Markup:
    """One column a category (at most 72), or at most 32 across a numeric axis.

    Each column is a group with a ``<title>`` (the full text) and a box that the stylesheet shows
    while the pointer is over it; without the stylesheet the box stays invisible. With more
    values than fit the picture's size, numeric columns are fewer and categories have titles only.
    """
    if not readings:
        return Markup("")
    if categories is not None:
        groups: dict[float, list[Reading]] = defaultdict(list)
        for reading in readings:
            groups[reading.x].append(reading)
        stops = sorted(groups)
        rows = [(stop, groups[stop]) for stop in stops]
    else:
        rows = _numeric(area, readings)
    boxed = sum(len(found) for _, found in rows) <= _BOXED
    if categories is None and not boxed:
        rows = _thinned(rows, max(_BOXED * len(rows) // sum(len(found) for _, found in rows), 4))
        boxed = True
    rows = _thinned(rows, _MOST_CATEGORIES)
    parts = []
    for index, (x, found) in enumerate(rows):
        middle = area.x(x)
        before = area.left if index == 0 else (area.x(rows[index - 1][0]) + middle) / 2
        after = area.right if index == len(rows) - 1 else (area.x(rows[index + 1][0]) + middle) / 2
        name = categories[int(x)] if categories is not None else area.x_format.full(x)
        top = f"{heading} {name}".strip() if categories is None else name
        parts.append(_column(area, (before, middle, after), top, found[:_LINES], boxed=boxed))
    return tag("g", join(parts), class_="ch-hits")


def _thinned(
    rows: list[tuple[float, list[Reading]]], most: int
) -> list[tuple[float, list[Reading]]]:
    every = max(len(rows) / most, 1.0)
    return [rows[int(index * every)] for index in range(min(len(rows), most))]


def _numeric(area: Area, readings: list[Reading]) -> list[tuple[float, list[Reading]]]:
    """Group by nearness: for every stop the nearest reading of each series."""
    lines: dict[tuple[str, str], list[Reading]] = defaultdict(list)
    for reading in readings:
        lines[(reading.text.split(":")[0].split(" (")[0], reading.tone)].append(reading)
    for line in lines.values():
        line.sort(key=lambda r: r.x)
    every = sorted({r.x for r in readings})
    stops: list[float] = []
    least = area.width / _MOST
    for x in every:
        if not stops or area.x(x) - area.x(stops[-1]) >= least:
            stops.append(x)
    rows = []
    for stop in stops:
        found = []
        for line in lines.values():
            at = bisect_left(line, stop, key=lambda r: r.x)
            near = min(line[max(at - 1, 0) : at + 1], key=lambda r: abs(r.x - stop))
            if abs(area.x(near.x) - area.x(stop)) <= least:
                found.append(near)
        rows.append((stop, found))
    return rows


def _column(
    area: Area,
    edges: tuple[float, float, float],
    heading: str,
    found: list[Reading],
    *,
    boxed: bool,
) -> Markup:
    before, middle, after = edges
    top = number(area.top)
    target = tag(
        "path",
        d=f"M{number(before)} {top}H{number(after)}V{number(area.bottom)}H{number(before)}z",
        fill="none",
        pointer_events="all",
    )
    cross = tag("path", d=f"M{number(middle)} {top}V{number(area.bottom)}", **stroke("axis"))
    said = tag("title", "\n".join((heading, *(r.text for r in found))))
    if not boxed:
        return tag(
            "g", said, target, tag("g", cross, class_="ch-tip", opacity="0"), class_="ch-hit"
        )
    dots = [
        tag("circle", cx=middle, cy=area.y(r.y, r.side), r=3.5, **fill(r.tone))
        for r in found
        if r.y is not None
    ]
    box = tag("g", cross, *dots, _box(area, middle, heading, found), class_="ch-tip", opacity="0")
    return tag("g", said, target, box, class_="ch-hit")


def _box(area: Area, middle: float, heading: str, found: list[Reading]) -> Markup:
    room = area.width * (0.78 if area.narrow else 0.5)
    lines = [shorten(heading, room, SMALL), *(shorten(r.text, room, SMALL) for r in found)]
    wide = max(width(line, SMALL) for line in lines) + 14
    tall = _LINE * len(lines) + 7
    left = middle + 9 if middle + 9 + wide <= area.right else middle - 9 - wide
    left = max(left, 1.0)
    top = area.top + 3
    paint, line = fill("surface"), stroke("axis")
    frame = tag(
        "rect",
        x=left,
        y=top,
        width=wide,
        height=tall,
        rx=4,
        **{**paint, **line, "class_": f"{paint['class_']} {line['class_']}"},
    )
    spans = [
        tag(
            "tspan",
            shown,
            x=left + 7,
            y=top + 14 + _LINE * index,
            font_weight="600" if index == 0 else None,
            **fill("ink" if index == 0 else "muted"),
        )
        for index, shown in enumerate(lines)
    ]
    return tag("g", frame, tag("text", *spans, font_size=SMALL))
