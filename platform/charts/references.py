"""Layers that point something out: reference lines, a marked gap, a dot that matters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from charts.area import Area, Layer, Reading
from charts.lettering import SMALL, lettering, width
from charts.markup import Markup, number, tag
from charts.numerals import finite
from charts.palette import fill, stroke


@dataclass(frozen=True, kw_only=True)
class Rule(Layer):
    """A dashed line at one value, with its label; ``along`` x is vertical, y is horizontal.

    ``row`` moves the label of a vertical line down by that many lines, so that neighbours part.
    """

    along: Literal["x", "y"]
    value: float
    label: str = ""
    tone: str = "danger"
    row: int = 0
    within: bool = True

    def span_x(self) -> tuple[float, ...]:
        held = finite(self.value)
        return (held,) if self.along == "x" and held is not None and self.within else ()

    def span_y(self) -> tuple[float, ...]:
        held = finite(self.value)
        return (held,) if self.along == "y" and held is not None and self.within else ()

    def filled(self) -> bool:
        return False

    def draw(self, area: Area) -> Markup:
        held = finite(self.value)
        if held is None:
            return Markup("")
        if self.along == "y":
            y = area.y(held, self.side)
            d = f"M{number(area.left)} {number(y)}H{number(area.right)}"
            place = (area.right - 3, y - 4 if y - area.top > 14 else y + 13)
            anchor, room = "end", area.width * 0.7
        else:
            x = area.x(held)
            d = f"M{number(x)} {number(area.top)}V{number(area.bottom)}"
            after = area.right - x > width(self.label, SMALL) + 6 or area.right - x > x - area.left
            place = (x + 5 if after else x - 5, area.top + 11 + 15 * self.row)
            anchor, room = ("start", area.right - x - 6) if after else ("end", x - area.left - 6)
        line = tag("path", d=d, stroke_dasharray="5 3", stroke_width="1.4", **stroke(self.tone))
        label = lettering(
            *place, self.label, tone=self.tone, anchor=anchor, size=SMALL, room=room, halo=True
        )
        return tag("g", line, label if self.label else Markup(""))


@dataclass(frozen=True, kw_only=True)
class Gap(Layer):
    """A vertical distance between two curves at one x, with its label: the KS distance."""

    x: float
    low: float
    high: float
    label: str
    tone: str = "ink"

    def filled(self) -> bool:
        return False

    def draw(self, area: Area) -> Markup:
        held = [finite(v) for v in (self.x, self.low, self.high)]
        if any(v is None for v in held):
            return Markup("")
        x, a, b = area.x(held[0] or 0.0), area.y(held[1] or 0.0), area.y(held[2] or 0.0)
        d = f"M{number(x)} {number(a)}V{number(b)}" + "".join(
            f"M{number(x - 5)} {number(v)}h10" for v in (a, b)
        )
        after = area.right - x > width(self.label, SMALL) + 14 or area.right - x > x - area.left
        label = lettering(
            x + 9 if after else x - 9,
            min(a, b) + 20 if abs(a - b) > 30 else (a + b) / 2 + 4,
            self.label,
            tone=self.tone,
            anchor="start" if after else "end",
            bold=True,
            halo=True,
            room=(area.right - x if after else x - area.left) - 9,
        )
        return tag("g", tag("path", d=d, stroke_width="2", **stroke(self.tone)), label)


@dataclass(frozen=True, kw_only=True)
class Spot(Layer):
    """One ringed point with a label: the place a policy stands today."""

    x: float
    y: float
    label: str
    tone: str = "danger"

    def filled(self) -> bool:
        return False

    def span_x(self) -> tuple[float, ...]:
        held = finite(self.x)
        return () if held is None else (held,)

    def span_y(self) -> tuple[float, ...]:
        held = finite(self.y)
        return () if held is None else (held,)

    def draw(self, area: Area) -> Markup:
        held_x, held_y = finite(self.x), finite(self.y)
        if held_x is None or held_y is None:
            return Markup("")
        x, y = area.x(held_x), area.y(held_y, self.side)
        after = area.right - x > width(self.label, SMALL) + 14 or area.right - x > x - area.left
        ring = tag("circle", cx=x, cy=y, r=6, stroke_width="2.4", fill="none", **stroke(self.tone))
        dot = tag("circle", cx=x, cy=y, r=2.4, **fill(self.tone))
        label = lettering(
            x + 11 if after else x - 11,
            y + 19 if area.bottom - y > 30 else y - 10,
            self.label,
            tone=self.tone,
            anchor="start" if after else "end",
            size=SMALL,
            bold=True,
            halo=True,
            room=(area.right - x if after else x - area.left) - 11,
        )
        return tag("g", ring, dot, label, tag("title", self.label), class_="ch-point")


@dataclass(frozen=True, kw_only=True)
class Divider(Layer):
    """A faint line between two categories: what stands right of it is of another kind."""

    x: float
    label: str = ""

    def filled(self) -> bool:
        return False

    def draw(self, area: Area) -> Markup:
        x = area.x(self.x)
        line = tag(
            "path",
            d=f"M{number(x)} {number(area.top)}V{number(area.bottom)}",
            stroke_dasharray="2 3",
            **stroke("axis"),
        )
        label = lettering(x + 5, area.top + 10, self.label, size=SMALL, room=area.right - x)
        return tag("g", line, label if self.label else Markup(""))


@dataclass(frozen=True, kw_only=True)
class Remarks(Layer):
    """Further lines for the hover box: the n-th belong to x = n. Draws nothing."""

    lines: Sequence[Sequence[str]]

    def filled(self) -> bool:
        return False

    def readings(self, area: Area) -> tuple[Reading, ...]:
        return tuple(
            Reading(x=index, y=None, text=text, tone="muted")
            for index, texts in enumerate(self.lines)
            for text in texts
        )
