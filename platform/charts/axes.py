"""Axes and grid lines."""

from __future__ import annotations

import math

from charts.area import Area, Axis, Side
from charts.lettering import BODY, SMALL, lettering, shorten, width, wrap
from charts.markup import Markup, join, number, tag
from charts.palette import stroke
from charts.scale import ticks

_TILT = -38.0


def y_axis(area: Area, axis: Axis, *, side: Side) -> Markup:
    """Numbers of one vertical axis and its title above; grid lines for the left one only."""
    scale = area.y_left if side == "left" or area.y_right is None else area.y_right
    marks, step = ticks(scale.low, scale.high, 4 if area.narrow else 5)
    parts: list[Markup] = []
    lines = ""
    for value in marks:
        y = scale(value)
        lines += f"M{number(area.left)} {number(y)}H{number(area.right)}"
        shown = axis.format.tick(value, step)
        if side == "left":
            parts.append(lettering(area.left - 7, y + 4, shown, anchor="end"))
        else:
            parts.append(lettering(area.right + 7, y + 4, shown))
    if side == "left":
        parts.insert(0, tag("path", d=lines, **stroke("grid")))
        if scale.low < 0 < scale.high:
            zero = f"M{number(area.left)} {number(scale(0.0))}H{number(area.right)}"
            parts.insert(1, tag("path", d=zero, **stroke("axis")))
        parts.append(
            lettering(2, area.top - 14, axis.title, size=SMALL, room=area.right * 0.62)
            if axis.title
            else Markup("")
        )
    elif axis.title:
        edge = area.right + max((width(axis.format.tick(v, step)) for v in marks), default=0) + 9
        parts.append(
            lettering(
                edge - 2,
                area.top - 14,
                axis.title,
                anchor="end",
                size=SMALL,
                room=area.width * 0.42,
            )
        )
    return join(parts)


def numeric_x_axis(area: Area, axis: Axis) -> tuple[Markup, float]:
    """Numbers under a numeric axis and its title; second: the depth they take."""
    count = 4 if area.narrow else 7
    marks, step = ticks(area.x.low, area.x.high, count)
    shown = [(area.x(v), axis.format.tick(v, step)) for v in marks]
    every = 1
    if len(shown) > 1:
        space = shown[1][0] - shown[0][0]
        every = max(1, math.ceil((max(width(text) for _, text in shown) + 8) / max(space, 1.0)))
    parts = [_base_line(area)]
    stubs = ""
    for index, (x, text) in enumerate(shown):
        if index % every:
            continue
        stubs += f"M{number(x)} {number(area.bottom)}v4"
        half = width(text) / 2
        place = min(max(x, half + 1), area.right + 10 - half)
        parts.append(lettering(place, area.bottom + 19, text, anchor="middle"))
    if stubs:
        parts.append(tag("path", d=stubs, **stroke("axis")))
    return _titled(area, axis, parts, 22.0)


def category_axis(area: Area, axis: Axis) -> tuple[Markup, float]:
    """Names under the bars: level when they fit, every n-th when that is allowed, else tilted."""
    names = axis.categories or ()
    slot = area.width / max(len(names), 1)
    widest = max((width(name, SMALL) for name in names), default=0.0)
    parts = [_base_line(area)]
    depth = 20.0
    wrapped = [wrap(name, slot - 5, SMALL) for name in names]
    fitting = sum("\u2026" not in "".join(lines) for lines in wrapped)
    if widest + 6 > slot and not axis.skip and fitting >= 0.75 * len(names) > 0:
        for index, lines in enumerate(wrapped):
            for row, text in enumerate(lines):
                full = names[index] if "\u2026" in text else ""
                parts.append(_centred(area.x(index), area.bottom + 16 + 13 * row, text, full))
        depth = 33.0
    elif widest + 6 <= slot or len(names) <= 2 or axis.skip:
        every = 1 if len(names) <= 2 else max(1, math.ceil((min(widest, 90) + 8) / slot))
        room = max(slot * every - 4, 24.0)
        for index in range(0, len(names), every):
            text = shorten(names[index], room, SMALL)
            half = width(text, SMALL) / 2
            x = min(max(area.x(index), half + 1), area.right + 10 - half)
            parts.append(
                lettering(x, area.bottom + 16, names[index], anchor="middle", size=SMALL, room=room)
            )
    else:
        every = max(1, math.ceil(13 / slot))
        room = 92.0 if not area.narrow else 76.0
        for index in range(0, len(names), every):
            parts.append(
                lettering(
                    area.x(index) + 4,
                    area.bottom + 13,
                    names[index],
                    anchor="end",
                    size=SMALL,
                    room=min(room, (area.x(index) - 2) / math.cos(math.radians(_TILT))),
                    turn=_TILT,
                )
            )
        depth = 14.0 + min(widest, room) * math.sin(math.radians(-_TILT)) + 6
    for row, (heading, values) in enumerate(axis.rows):
        y = area.bottom + depth + 12 + row * 15
        parts.append(
            lettering(area.left - 7, y, heading, anchor="end", size=SMALL, room=area.left - 8)
        )
        size = SMALL if max((width(v, SMALL) for v in values), default=0) + 2 <= slot else 9.0
        every = max(1, math.ceil((max((width(v, size) for v in values), default=0) + 2) / slot))
        for index in range(0, len(values), every):
            parts.append(
                lettering(area.x(index), y, values[index], anchor="middle", size=size, tone="ink")
            )
    depth += 15.0 * len(axis.rows) + (4.0 if axis.rows else 0.0)
    return _titled(area, axis, parts, depth)


def _centred(x: float, y: float, text: str, full: str) -> Markup:
    """A centred line of small text whose tooltip is the full text, when it was cut."""
    written = lettering(x, y, text, anchor="middle", size=SMALL)
    return tag("g", tag("title", full), written) if full else written


def _base_line(area: Area) -> Markup:
    d = f"M{number(area.left)} {number(area.bottom)}H{number(area.right)}"
    return tag("path", d=d, **stroke("axis"))


def _titled(area: Area, axis: Axis, parts: list[Markup], depth: float) -> tuple[Markup, float]:
    if axis.title:
        depth += 17.0
        x = area.left + area.width / 2
        parts.append(
            lettering(
                x, area.bottom + depth - 3, axis.title, anchor="middle", size=SMALL, room=area.width
            )
        )
    return join(parts), depth + (BODY - 10)
