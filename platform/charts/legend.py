"""The legend: swatches and names in rows that fit the width."""

from __future__ import annotations

from charts.area import LegendEntry
from charts.lettering import BODY, lettering, width
from charts.markup import Markup, join, number, tag
from charts.palette import fill, stroke

ROW = 18.0
_SWATCH = 20.0
_GAP = 16.0


def legend(entries: tuple[LegendEntry, ...], *, left: float, room: float) -> tuple[Markup, float]:
    """Draw entries from the top left; returns the marks and the height they take."""
    parts: list[Markup] = []
    x, y = left, 12.0
    for entry in entries:
        need = min(_SWATCH + width(entry.name), room)
        if x > left and x + need > left + room:
            x, y = left, y + ROW
        parts.append(_swatch(entry, x, y))
        parts.append(
            lettering(x + _SWATCH, y, entry.name, tone="ink", room=room - _SWATCH, size=BODY)
        )
        x += need + _GAP
    return join(parts), (y + 8.0 if entries else 0.0)


def _swatch(entry: LegendEntry, x: float, y: float) -> Markup:
    middle = y - 4
    if entry.swatch == "line":
        return tag(
            "path",
            d=f"M{number(x)} {number(middle)}h15",
            stroke_width="2.4",
            stroke_dasharray=entry.dash,
            **stroke(entry.tone),
        )
    if entry.swatch == "dot":
        return tag("circle", cx=x + 8, cy=middle, r=4, **fill(entry.tone))
    if entry.swatch == "ring":
        return tag(
            "circle",
            cx=x + 8,
            cy=middle,
            r=3.5,
            fill="none",
            stroke_width="2",
            **stroke(entry.tone),
        )
    light = "0.3" if entry.swatch == "band" else None
    paint, line = fill(entry.tone), stroke(entry.tone)
    if entry.swatch == "band":
        paint = {**paint, **line, "class_": f"{paint['class_']} {line['class_']}"}
    return tag(
        "rect",
        x=x + 2,
        y=middle - 5,
        width=11,
        height=10,
        rx=2,
        fill_opacity=light,
        **paint,
    )
