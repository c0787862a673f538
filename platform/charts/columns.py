"""Layers over categories: grouped, stacked and single bars, with intervals and labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from charts.area import MOST_CATEGORIES, Area, Layer, LegendEntry, Reading
from charts.lettering import SMALL, lettering, width
from charts.markup import Markup, join, number, tag
from charts.numerals import finite
from charts.palette import fill, stroke


@dataclass(frozen=True, kw_only=True)
class BarSeries:
    """One value a category (None or NaN: no bar). ``tones`` colours single bars."""

    name: str
    values: Sequence[float | None]
    tone: str = "s1"
    low: Sequence[float | None] | None = None
    high: Sequence[float | None] | None = None
    tones: Sequence[str] | None = None
    labels: Sequence[str] | None = None


@dataclass(frozen=True, kw_only=True)
class Bars(Layer):
    """Bars side by side or stacked; the n-th value stands at x = n."""

    series: tuple[BarSeries, ...]
    mode: Literal["group", "stack"] = "group"

    def _stacks(self) -> list[list[tuple[BarSeries, int, float, float]]]:
        """Per category: series, its place in the group, start and end."""
        count = max((len(one.values) for one in self.series), default=0)
        count = min(count, MOST_CATEGORIES)
        rows: list[list[tuple[BarSeries, int, float, float]]] = []
        for index in range(count):
            up, down, row = 0.0, 0.0, []
            for place, one in enumerate(self.series):
                value = finite(one.values[index]) if index < len(one.values) else None
                if value is None:
                    continue
                if self.mode == "group":
                    row.append((one, place, 0.0, value))
                elif value >= 0:
                    row.append((one, 0, up, up + value))
                    up += value
                else:
                    row.append((one, 0, down, down + value))
                    down += value
            rows.append(row)
        return rows

    def span_y(self) -> tuple[float, ...]:
        ends = [v for row in self._stacks() for _, _, start, end in row for v in (start, end)]
        for one in self.series:
            for edge in (one.low, one.high):
                ends += [
                    v for raw in (() if edge is None else edge) if (v := finite(raw)) is not None
                ]
        return (0.0, *ends) if ends else ()

    def legend(self) -> tuple[LegendEntry, ...]:
        return tuple(
            LegendEntry(name=one.name, tone=one.tone, swatch="box")
            for one in self.series
            if one.name
        )

    def left_out(self) -> int:
        return sum(
            1 for one in self.series for v in one.values if v is not None and finite(v) is None
        )

    def readings(self, area: Area) -> tuple[Reading, ...]:
        write = area.format(self.side).full
        made = []
        for index, row in enumerate(self._stacks()):
            for one, _, start, end in row:
                value = end - start if self.mode == "stack" else end
                text = f"{one.name}: {write(value)}" if one.name else write(value)
                low, high = _edges(one, index)
                if low is not None and high is not None:
                    text += f" [{write(low)}, {write(high)}]"
                made.append(Reading(x=index, y=None, text=text, tone=one.tone, side=self.side))
        return tuple(made)

    def draw(self, area: Area) -> Markup:
        slot = area.x(1.0) - area.x(0.0) if area.x.high - area.x.low > 1 else area.width
        share = 0.72 if slot > 14 else 0.86
        lanes = len(self.series) if self.mode == "group" else 1
        lane = min(slot * share / max(lanes, 1), 56.0)
        parts: list[Markup] = []
        for index, row in enumerate(self._stacks()):
            left = area.x(index) - lane * lanes / 2
            for one, place, start, end in row:
                parts.append(self._bar(area, one, index, (left + place * lane, lane), (start, end)))
        return tag("g", join(parts), class_="ch-mark")

    def _bar(
        self,
        area: Area,
        one: BarSeries,
        index: int,
        lane: tuple[float, float],
        ends: tuple[float, float],
    ) -> Markup:
        tone = one.tones[index] if one.tones is not None else one.tone
        a, b = area.y(ends[0], self.side), area.y(ends[1], self.side)
        gap = 0.5 if lane[1] > 6 else 0.0
        top, tall = min(a, b), max(abs(a - b), 0.6)
        middle = lane[0] + lane[1] / 2
        made = [
            tag(
                "rect",
                x=lane[0] + gap,
                y=top,
                width=max(lane[1] - 2 * gap, 0.6),
                height=tall,
                rx=None if self.mode == "stack" or lane[1] < 8 else 1.5,
                **fill(tone, "ch-bar"),
            )
        ]
        low, high = _edges(one, index)
        if low is not None and high is not None:
            c, d = area.y(low, self.side), area.y(high, self.side)
            whisker = f"M{number(middle)} {number(c)}V{number(d)}"
            whisker += "".join(f"M{number(middle - 3)} {number(v)}h6" for v in (c, d))
            made.append(tag("path", d=whisker, stroke_width="1.3", **stroke("ink")))
        if one.labels is not None and width(one.labels[index], SMALL) <= lane[1] * 1.5 + 4:
            below = ends[1] < ends[0]
            y = top + tall + 12 if below else top - 4
            made.append(
                lettering(middle, y, one.labels[index], anchor="middle", size=SMALL, tone="ink")
            )
        return join(made)


def _edges(one: BarSeries, index: int) -> tuple[float | None, float | None]:
    if one.low is None or one.high is None:
        return None, None
    return finite(one.low[index]), finite(one.high[index])
