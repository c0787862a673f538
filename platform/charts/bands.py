"""A band between two bounds without a line of its own: a forecast's range, a tolerance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from charts.area import Area, Layer, LegendEntry, Reading
from charts.markup import Markup, number, tag
from charts.numerals import finite
from charts.palette import fill
from charts.scale import thin

_LIMIT: Final = 200


@dataclass(frozen=True, kw_only=True)
class Band(Layer):
    """The area between ``low`` and ``high`` along ``x``."""

    name: str
    x: Sequence[float]
    low: Sequence[float | None]
    high: Sequence[float | None]
    tone: str = "neutral"

    @cached_property
    def _rows(self) -> list[tuple[float, float, float]]:
        rows = []
        for x, low, high in zip(self.x, self.low, self.high, strict=True):
            a, b, c = finite(x), finite(low), finite(high)
            if a is not None and b is not None and c is not None:
                rows.append((a, min(b, c), max(b, c)))
        return rows

    def span_x(self) -> tuple[float, ...]:
        return tuple(row[0] for row in self._rows)

    def span_y(self) -> tuple[float, ...]:
        return tuple(v for row in self._rows for v in row[1:])

    def legend(self) -> tuple[LegendEntry, ...]:
        return (LegendEntry(name=self.name, tone=self.tone, swatch="band"),) if self.name else ()

    def left_out(self) -> int:
        return len(self.x) - len(self._rows)

    def readings(self, area: Area) -> tuple[Reading, ...]:
        write = area.format(self.side).full
        rows = self._rows[:: max(len(self._rows) // _LIMIT, 1)]
        return tuple(
            Reading(
                x=x,
                y=None,
                text=f"{self.name}: {write(low)} \u2013 {write(high)}",
                tone=self.tone,
                side=self.side,
            )
            for x, low, high in rows
        )

    def draw(self, area: Area) -> Markup:
        if len(self._rows) < 2:
            return Markup("")
        upper = thin([(x, high) for x, _, high in self._rows], _LIMIT)
        lower = thin([(x, low) for x, low, _ in self._rows], _LIMIT)
        corners = [
            f"{number(area.x(x))} {number(area.y(y, self.side))}"
            for x, y in (*upper, *reversed(lower))
        ]
        return tag("path", d=f"M{'L'.join(corners)}Z", fill_opacity="0.16", **fill(self.tone))
