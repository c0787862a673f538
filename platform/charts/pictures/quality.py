"""What a load of data is worth: completeness, validity, drift, and where its rows went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from charts.area import WIDE, Axis, Size
from charts.columns import Bars, BarSeries
from charts.heat import HeatMap, draw_heat_map
from charts.horizontal import HorizontalBars, draw_horizontal
from charts.markup import Markup
from charts.numerals import COUNT, PERCENT, PLAIN, finite
from charts.picture import Picture, PlotPicture
from charts.plot import Plot
from charts.references import Divider
from charts.table import Cell, Table
from charts.words import Lang, heads, say


@dataclass(frozen=True, kw_only=True)
class ColumnCompleteness(Picture):
    """Share of filled values (0 to 1) by column, emptiest first; below ``required`` stands out."""

    name = "Completeness by column"
    columns: tuple[str, ...]
    completeness: Sequence[float | None]
    required: Sequence[float | None] | None = None

    def _rows(self) -> list[tuple[str, float | None, float | None]]:
        empty: list[float | None] = [None] * len(self.columns)
        required = empty if self.required is None else self.required
        rows = zip(self.columns, self.completeness, required, strict=True)
        return sorted(rows, key=lambda row: _rank(row[1]))

    def svg(self, *, key: str, lang: Lang = "en", size: Size = WIDE) -> Markup:
        """Horizontal bars from 0 to 100 %."""
        rows = self._rows()
        tones, texts = [], []
        for _, share, need in rows:
            short = _rank(share) < (finite(need) or 0.0)
            tones.append("danger" if short else "s1")
            words = PERCENT.full(share)
            if short:
                words += " \u00b7 " + say(lang, "required {value}", value=PERCENT.full(need))
            texts.append(words)
        chart = HorizontalBars(
            title=self.title(lang),
            names=tuple(name for name, *_ in rows),
            series=(BarSeries(name="", values=[row[1] for row in rows], tones=tones),),
            format=PERCENT,
            low=0.0,
            high=1.0,
            texts=tuple(texts),
            lang=lang,
        )
        return draw_horizontal(chart, key=key, size=size)

    def table(self, *, lang: Lang = "en") -> Table:
        """Columns with their completeness and what is required."""
        return Table(
            header=heads(lang, "Column", "Completeness", "Required"), rows=tuple(self._rows())
        )


def _rank(value: float | None) -> float:
    held = finite(value)
    return 2.0 if held is None else held


@dataclass(frozen=True, kw_only=True)
class QualityHeatMap(Picture):
    """A quality share (0 to 1) by field and day, or by field and check; None was not measured.

    ``floor`` is the share that already takes the worst colour.
    """

    name = "Data quality"
    fields: tuple[str, ...]
    columns: tuple[str, ...]
    values: Sequence[Sequence[float | None]]
    floor: float = 0.0

    def svg(self, *, key: str, lang: Lang = "en", size: Size = WIDE) -> Markup:
        """Seven steps of colour from the floor to 100 %."""
        heat = HeatMap(
            title=self.title(lang),
            rows=self.fields,
            columns=self.columns,
            values=self.values,
            low=self.floor,
            lang=lang,
        )
        return draw_heat_map(heat, key=key, size=size)

    def table(self, *, lang: Lang = "en") -> Table:
        """One row a field, one column a day or check."""
        rows: list[tuple[Cell, ...]] = [
            (field, *row) for field, row in zip(self.fields, self.values, strict=True)
        ]
        return Table(header=(say(lang, "Field"), *self.columns), rows=tuple(rows))


@dataclass(frozen=True, kw_only=True)
class CodeCount:
    """How often a special code (or a missing value) stands in a column."""

    label: str
    count: float


@dataclass(frozen=True, kw_only=True)
class ValueHistogram(PlotPicture):
    """Counts between ``edges`` (one more than ``counts``), special codes apart at the right."""

    name = "Value distribution"
    column: str
    edges: Sequence[float]
    counts: Sequence[float]
    codes: tuple[CodeCount, ...] = ()

    def title(self, lang: Lang = "en") -> str:
        """The column and what is shown."""
        return f"{self.column} \u00b7 {say(lang, self.name)}"

    def _labels(self) -> tuple[str, ...]:
        write = PLAIN.full
        return tuple(f"{write(a)} \u2013 {write(b)}" for a, b in pairwise(self.edges))

    def plot(self, *, lang: Lang = "en") -> Plot:
        """Bars; codes in grey behind a divider."""
        labels = self._labels()
        split: tuple[Divider, ...] = ()
        if self.codes and labels:
            split = (Divider(x=len(labels) - 0.5),)
        bars = BarSeries(
            name=say(lang, "Count"),
            values=[*self.counts, *(code.count for code in self.codes)],
            tones=["s1"] * len(labels) + ["axis"] * len(self.codes),
        )
        return Plot(
            title=self.title(lang),
            x=Axis(categories=(*labels, *(code.label for code in self.codes))),
            y=Axis(title=say(lang, "Count"), format=COUNT, zero=True),
            layers=(Bars(series=(bars,)), *split),
            lang=lang,
        )

    def table(self, *, lang: Lang = "en") -> Table:
        """Bins, then codes."""
        plain = tuple(zip(self._labels(), self.counts, strict=True))
        codes = tuple((code.label, code.count) for code in self.codes)
        return Table(header=heads(lang, "Value", "Count"), rows=(*plain, *codes))


@dataclass(frozen=True, kw_only=True)
class MissingEffect:
    """Bad rates (0 to 1) of rows with and without a value in one column."""

    column: str
    missing_share: float
    bad_rate_missing: float | None
    bad_rate_present: float | None


@dataclass(frozen=True, kw_only=True)
class MissingAgainstBad(Picture):
    """Is missing informative? Bad rate where the value is missing and where it is present."""

    name = "Missing rate and bad rate"
    effects: tuple[MissingEffect, ...]

    def svg(self, *, key: str, lang: Lang = "en", size: Size = WIDE) -> Markup:
        """Two bars a column; the name carries the share that is missing."""
        effects = self.effects
        chart = HorizontalBars(
            title=self.title(lang),
            names=tuple(f"{e.column} ({PERCENT.full(e.missing_share)})" for e in effects),
            series=(
                BarSeries(
                    name=say(lang, "Bad rate, value missing"),
                    values=[e.bad_rate_missing for e in effects],
                    tone="bad",
                ),
                BarSeries(
                    name=say(lang, "Bad rate, value present"),
                    values=[e.bad_rate_present for e in effects],
                    tone="good",
                ),
            ),
            format=PERCENT,
            lang=lang,
        )
        return draw_horizontal(chart, key=key, size=size)

    def table(self, *, lang: Lang = "en") -> Table:
        """One row a column."""
        rates = ("Bad rate, value missing", "Bad rate, value present")
        return Table(
            header=heads(lang, "Column", "Missing share", *rates),
            rows=tuple(
                (e.column, e.missing_share, e.bad_rate_missing, e.bad_rate_present)
                for e in self.effects
            ),
        )


@dataclass(frozen=True, kw_only=True)
class LoadRows:
    """Where the rows of one load went."""

    label: str
    rows_in: int
    loaded: int
    quarantined: int

    @property
    def unaccounted(self) -> int:
        """Rows that are neither loaded nor quarantined: must be 0."""
        return self.rows_in - self.loaded - self.quarantined


@dataclass(frozen=True, kw_only=True)
class LoadStrip(Picture):
    """Rows in, loaded and quarantined, one strip a load; a row gone astray is shown in red."""

    name = "Rows in, loaded and quarantined"
    loads: tuple[LoadRows, ...]

    def svg(self, *, key: str, lang: Lang = "en", size: Size = WIDE) -> Markup:
        """Stacked strips, with the counts at their ends."""
        loads = self.loads
        parts = [
            BarSeries(name=say(lang, "Loaded"), values=[one.loaded for one in loads], tone="good"),
            BarSeries(
                name=say(lang, "Quarantined"),
                values=[one.quarantined for one in loads],
                tone="warn",
            ),
        ]
        if any(one.unaccounted > 0 for one in loads):
            astray = [max(one.unaccounted, 0) for one in loads]
            parts.append(BarSeries(name=say(lang, "Unaccounted"), values=astray, tone="danger"))
        chart = HorizontalBars(
            title=self.title(lang),
            names=tuple(one.label for one in loads),
            series=tuple(parts),
            mode="stack",
            format=COUNT,
            texts=tuple(f"{one.loaded:,} + {one.quarantined:,}" for one in loads),
            lang=lang,
        )
        return draw_horizontal(chart, key=key, size=size)

    def table(self, *, lang: Lang = "en") -> Table:
        """One row a load."""
        return Table(
            header=heads(lang, "Load", "Rows in", "Loaded", "Quarantined", "Unaccounted"),
            rows=tuple(
                (one.label, one.rows_in, one.loaded, one.quarantined, one.unaccounted)
                for one in self.loads
            ),
        )
