"""Does the population, or its outcome, move? PSI, drift and vintages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from charts.area import WIDE, Axis, Size
from charts.columns import BarSeries
from charts.curves import Line
from charts.horizontal import HorizontalBars, Threshold, draw_horizontal
from charts.markup import Markup
from charts.numerals import PERCENT, PLAIN, THREE, TWO, finite
from charts.palette import SERIES, dash, series
from charts.picture import Picture, PlotPicture
from charts.plot import Plot
from charts.references import Rule
from charts.table import Table
from charts.words import Lang, heads, say


def _order(value: float | None) -> float:
    held = finite(value)
    return float("inf") if held is None else -held


@dataclass(frozen=True, kw_only=True)
class PsiSeries:
    """PSI of one feature or score at each period (None or NaN: not measured)."""

    name: str
    values: Sequence[float | None]


@dataclass(frozen=True, kw_only=True)
class PsiOverTime(PlotPicture):
    """PSI by period with the two usual thresholds; the six most moved series are drawn."""

    name = "Population stability"
    periods: tuple[str, ...]
    series: tuple[PsiSeries, ...]
    watch: float = 0.10
    act: float = 0.25

    def plot(self, *, lang: Lang = "en") -> Plot:
        """One line a series, holes where nothing was measured."""

        def peak(one: PsiSeries) -> float:
            return max((v for raw in one.values if (v := finite(raw)) is not None), default=-1.0)

        drawn = sorted(self.series, key=peak, reverse=True)[: len(SERIES)]
        notes: tuple[str, ...] = ()
        if len(drawn) < len(self.series):
            words = "first {shown} of {total} shown"
            notes = (say(lang, words, shown=len(drawn), total=len(self.series)),)
        lines = [
            Line(
                name=one.name,
                x=list(range(len(one.values))),
                y=one.values,
                tone=series(place),
                dash=dash(place),
                dots=True,
                breaks=True,
            )
            for place, one in enumerate(drawn)
        ]
        rules = (
            Rule(along="y", value=self.watch, tone="warn", label=_watch(self.watch, lang)),
            Rule(along="y", value=self.act, tone="danger", label=_act(self.act, lang)),
        )
        return Plot(
            title=self.title(lang),
            x=Axis(categories=self.periods, skip=True),
            y=Axis(title=say(lang, "PSI"), format=THREE, zero=True),
            layers=(*lines, *rules),
            notes=notes,
            lang=lang,
        )

    def table(self, *, lang: Lang = "en") -> Table:
        """Every series at every period."""
        return Table(
            header=heads(lang, "Feature", "Period", "PSI"),
            rows=tuple(
                (one.name, period, value)
                for one in self.series
                for period, value in zip(self.periods, one.values, strict=True)
            ),
        )


@dataclass(frozen=True, kw_only=True)
class PsiByFeature(Picture):
    """PSI of each feature, most moved first, coloured by the threshold it passed."""

    name = "PSI by feature"
    features: tuple[str, ...]
    values: Sequence[float | None]
    watch: float = 0.10
    act: float = 0.25

    def _rows(self) -> list[tuple[str, float | None]]:
        rows = zip(self.features, self.values, strict=True)
        return sorted(rows, key=lambda row: _order(row[1]))

    def _tone(self, value: float | None) -> str:
        held = finite(value) or 0.0
        return "danger" if held >= self.act else "warn" if held >= self.watch else "s1"

    def svg(self, *, key: str, lang: Lang = "en", size: Size = WIDE) -> Markup:
        """Horizontal bars with both thresholds across."""
        rows = self._rows()
        values = [value for _, value in rows]
        chart = HorizontalBars(
            title=self.title(lang),
            names=tuple(name for name, _ in rows),
            series=(BarSeries(name="", values=values, tones=[self._tone(v) for v in values]),),
            format=THREE,
            axis_title=say(lang, "PSI"),
            thresholds=(
                Threshold(value=self.watch, label=_watch(self.watch, lang), tone="warn"),
                Threshold(value=self.act, label=_act(self.act, lang)),
            ),
            lang=lang,
        )
        return draw_horizontal(chart, key=key, size=size)

    def table(self, *, lang: Lang = "en") -> Table:
        """Features with their PSI, most moved first."""
        return Table(header=heads(lang, "Feature", "PSI"), rows=tuple(self._rows()))


@dataclass(frozen=True, kw_only=True)
class LoadDrift(PsiByFeature):
    """PSI of each column against the last load."""

    name = "Drift since the last load"


def _watch(value: float, lang: Lang) -> str:
    return say(lang, "watch {value}", value=TWO.full(value))


def _act(value: float, lang: Lang) -> str:
    return say(lang, "act {value}", value=TWO.full(value))


@dataclass(frozen=True, kw_only=True)
class Vintage:
    """Cumulative bad rate (0 to 1) of loans granted in one period, by months on book."""

    name: str
    months: Sequence[float]
    bad_rate: Sequence[float | None]


@dataclass(frozen=True, kw_only=True)
class VintageCurves(PlotPicture):
    """Vintages over months on book; the latest six have a colour, older ones are grey."""

    name = "Vintage curves"
    vintages: tuple[Vintage, ...]
    note: str = ""

    def plot(self, *, lang: Lang = "en") -> Plot:
        """One line a vintage, ending where it has been observed."""
        older = max(len(self.vintages) - len(SERIES), 0)
        lines = [
            Line(
                name=one.name,
                x=one.months,
                y=one.bad_rate,
                tone="axis" if place < older else series(place - older),
                dash=None if place < older else dash(place - older),
                breaks=True,
            )
            for place, one in enumerate(self.vintages)
        ]
        return Plot(
            title=self.title(lang),
            x=Axis(title=say(lang, "Months on book"), format=PLAIN, low=0),
            y=Axis(title=say(lang, "Cumulative bad rate"), format=PERCENT, zero=True),
            layers=tuple(lines),
            notes=(self.note,) if self.note else (),
            lang=lang,
        )

    def table(self, *, lang: Lang = "en") -> Table:
        """Every vintage at every month."""
        return Table(
            header=heads(lang, "Vintage", "Months on book", "Cumulative bad rate"),
            rows=tuple(
                (one.name, month, rate)
                for one in self.vintages
                for month, rate in zip(one.months, one.bad_rate, strict=True)
            ),
        )
