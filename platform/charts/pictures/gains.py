"""What ordering by risk gains: cumulative gains and lift."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from charts.area import Axis
from charts.curves import Line
from charts.numerals import PERCENT, TWO, finite
from charts.palette import dash, series
from charts.picture import PlotPicture
from charts.plot import Plot
from charts.references import Rule
from charts.table import Table
from charts.words import Lang, heads, say


@dataclass(frozen=True, kw_only=True)
class GainsSplit:
    """Cumulative share of bads (``captured``) among the riskiest share of customers (``depth``)."""

    name: str
    depth: Sequence[float]
    captured: Sequence[float]


@dataclass(frozen=True, kw_only=True)
class GainsCurve(PlotPicture):
    """Cumulative gains; ``base_rate`` (the overall bad rate) adds the line of a perfect order."""

    name = "Cumulative gains"
    splits: tuple[GainsSplit, ...]
    base_rate: float | None = None

    def plot(self, *, lang: Lang = "en") -> Plot:
        """Curves between the diagonal and the perfect order."""
        lines = tuple(
            Line(name=s.name, x=s.depth, y=s.captured, tone=series(i), dash=dash(i))
            for i, s in enumerate(self.splits)
        )
        chance = Line(
            name=say(lang, "Chance"),
            x=(0.0, 1.0),
            y=(0.0, 1.0),
            tone="neutral",
            dash="4 4",
            reference=True,
        )
        perfect: tuple[Line, ...] = ()
        rate = finite(self.base_rate)
        if rate is not None and 0 < rate < 1:
            perfect = (
                Line(
                    name=say(lang, "Perfect"),
                    x=(0.0, rate, 1.0),
                    y=(0.0, 1.0, 1.0),
                    tone="axis",
                    dash="2 3",
                    reference=True,
                ),
            )
        return Plot(
            title=self.title(lang),
            x=Axis(
                title=say(lang, "Riskiest share of customers"),
                format=PERCENT,
                low=0,
                high=1,
            ),
            y=Axis(
                title=say(lang, "Share of bads captured"),
                format=PERCENT,
                low=0,
                high=1,
            ),
            layers=(*lines, chance, *perfect) if any(x.filled() for x in lines) else (),
            lang=lang,
        )

    def table(self, *, lang: Lang = "en") -> Table:
        """Every point with its cumulative lift."""
        return Table(
            header=heads(lang, "Split", "Depth", "Captured", "Lift"),
            rows=tuple(
                (s.name, d, c, c / d if d else None)
                for s in self.splits
                for d, c in zip(s.depth, s.captured, strict=True)
            ),
        )


@dataclass(frozen=True, kw_only=True)
class LiftCurve(PlotPicture):
    """Cumulative lift (captured over depth) by depth, against 1."""

    name = "Cumulative lift"
    splits: tuple[GainsSplit, ...]

    def plot(self, *, lang: Lang = "en") -> Plot:
        """Lift curves over the line of no lift."""
        lines = []
        for i, s in enumerate(self.splits):
            points = [(d, c / d) for d, c in zip(s.depth, s.captured, strict=True) if d > 0.005]
            lines.append(
                Line(
                    name=s.name,
                    x=[p[0] for p in points],
                    y=[p[1] for p in points],
                    tone=series(i),
                    dash=dash(i),
                )
            )
        return Plot(
            title=self.title(lang),
            x=Axis(
                title=say(lang, "Riskiest share of customers"),
                format=PERCENT,
                low=0,
                high=1,
            ),
            y=Axis(title=say(lang, "Lift"), zero=True, format=TWO),
            layers=(
                *lines,
                Rule(
                    along="y",
                    value=1.0,
                    tone="neutral",
                    label=say(lang, "No lift"),
                ),
            ),
            lang=lang,
        )

    def table(self, *, lang: Lang = "en") -> Table:
        """Every point with its lift."""
        return GainsCurve(splits=self.splits).table(lang=lang)
