"""Small pictures for tables and tiles: sparkline, progress ring, progress bar."""

from __future__ import annotations

import math
from collections.abc import Sequence

from charts.area import Size
from charts.drawing import picture
from charts.lettering import lettering
from charts.markup import Markup, join, number, tag
from charts.numerals import PERCENT, finite
from charts.palette import fill, stroke
from charts.scale import Scale, spread, thin


def sparkline(
    values: Sequence[float | None],
    *,
    key: str,
    label: str,
    tone: str = "s1",
    size: Size | None = None,
) -> Markup:
    """A word-sized line of evenly spaced values with its last point marked; holes stay open."""
    box = size or Size(width=120, height=28)
    held = [finite(v) for v in values]
    known = [v for v in held if v is not None]
    parts: list[Markup] = []
    if known:
        x = Scale(0, max(len(held) - 1, 1), 3, box.width - 5)
        y = Scale(*spread(known), box.height - 4, 4)
        pieces: list[list[tuple[float, float]]] = [[]]
        for index, value in enumerate(held):
            if value is None:
                pieces.append([])
            else:
                pieces[-1].append((x(index), y(value)))
        d = "".join(
            ("L" if place else "M") + f"{number(a)} {number(b)}"
            for piece in pieces
            for place, (a, b) in enumerate(thin(piece, box.width))
        )
        parts.append(tag("path", d=d, fill="none", stroke_width="1.6", **stroke(tone)))
        last = next(piece[-1] for piece in reversed(pieces) if piece)
        parts.append(tag("circle", cx=last[0], cy=last[1], r=2.6, **fill(tone)))
    body = tag("g", *parts, class_="ch-mark")
    said = f"{label}: {known[-1]:g}" if known else label
    return picture(
        body, key=key, size=box, height=box.height, title=label, description=said, mini=True
    )


def ring(
    share: float | None, *, key: str, label: str, tone: str = "s1", across: int = 88
) -> Markup:
    """A ring filled to a share (0 to 1; more is written but drawn full), the share inside."""
    held = finite(share)
    part = min(max(held or 0.0, 0.0), 1.0)
    radius = across / 2 - 6
    middle = across / 2
    circle = {"cx": middle, "cy": middle, "r": radius, "stroke_width": 8}
    parts = [tag("circle", **circle, fill="none", **stroke("track"))]
    if part:
        length = 2 * math.pi * radius
        parts.append(
            tag(
                "circle",
                **circle,
                fill="none",
                stroke_dasharray=f"{length * part:.2f} {length:.2f}",
                stroke_linecap="round" if part < 0.97 else None,
                transform=f"rotate(-90 {middle:g} {middle:g})",
                **stroke(tone),
            )
        )
    words = PERCENT.full(held) if held is None or 0 < held < 0.1 else f"{held * 100:.0f}%"
    parts.append(
        lettering(middle, middle + 5, words, anchor="middle", bold=True, tone="ink", size=15)
    )
    box = Size(width=across, height=across)
    said = f"{label}: {words}"
    return picture(
        join(parts), key=key, size=box, height=across, title=label, description=said, mini=True
    )


def progress_bar(
    share: float | None, *, key: str, label: str, tone: str = "s1", width: int = 240
) -> Markup:
    """A bar filled to a share (0 to 1) with the share written at its end."""
    held = finite(share)
    part = min(max(held or 0.0, 0.0), 1.0)
    words = PERCENT.full(held)
    track = width - 54.0
    parts = [tag("rect", x=1, y=6, width=track, height=8, rx=4, **fill("track"))]
    if part:
        parts.append(
            tag("rect", x=1, y=6, width=max(track * part, 8), height=8, rx=4, **fill(tone))
        )
    parts.append(lettering(track + 9, 14, words, tone="ink"))
    box = Size(width=width, height=20)
    said = f"{label}: {words}"
    return picture(
        join(parts), key=key, size=box, height=20, title=label, description=said, mini=True
    )
