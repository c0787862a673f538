"""The bins of a characteristic, and how characteristics rank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from charts.area import WIDE, Axis, Size
from charts.columns import Bars, BarSeries
from charts.curves import Line, Points
from charts.horizontal import HorizontalBars, Threshold, draw_horizontal
from charts.markup import Markup
from charts.numerals import PERCENT, POINTS, SIGNED, THREE, TWO, finite
from charts.picture import Picture, PlotPicture
from charts.plot import Plot
from charts.references import Divider, Remarks
from charts.table import Table
from charts.words import Lang, heads, say


@dataclass(frozen=True, kw_only=True)
class WoeBin:
    """One bin: its share of rows and bad rate (0 to 1), WOE and scorecard points."""

    label: str
    share: float
    bad_rate: float | None
    woe: float | None
    points: int | None = None
    low: float | None = None
    high: float | None = None
    kind: Literal["ordinary", "special", "missing"] = "ordinary"
    rows: int | None = None
    bads: int | None = None


@dataclass(frozen=True, kw_only=True)
class WoeBins(PlotPicture):
    """Share of rows as bars, bad rate as a line with intervals, WOE and points under each bin.

    Special and missing bins stand apart at the right, in grey, their bad rates unconnected.
    """

    name = "WOE and bad rate by bin"
    characteristic: str
    bins: tuple[WoeBin, ...]

    def title(self, lang: Lang = "en") -> str:
        """The characteristic and what is shown."""
        return f"{self.characteristic} \u00b7 {say(lang, self.name)}"

    def _ordered(self) -> tuple[list[WoeBin], list[WoeBin]]:
        plain = [one for one in self.bins if one.kind == "ordinary"]
        apart = sorted(
            (b for b in self.bins if b.kind != "ordinary"), key=lambda b: b.kind == "missing"
        )
        return plain, apart

    def plot(self, *, lang: Lang = "en") -> Plot:
        """Bars on the left axis, bad rate on the right one."""
        plain, apart = self._ordered()
        every = [*plain, *apart]
        bars = BarSeries(
            name=say(lang, "Share of rows"),
            values=[one.share for one in every],
            tone="q5",
            tones=["q5" if one.kind == "ordinary" else "axis" for one in every],
        )
        rate = say(lang, "Bad rate")
        line = Line(
            name=rate,
            side="right",
            x=list(range(len(plain))),
            y=[one.bad_rate for one in plain],
            tone="bad",
            breaks=True,
            silent=True,
        )
        spots = Points(
            name=rate,
            side="right",
            listed=True,
            x=list(range(len(every))),
            y=[float("nan") if one.bad_rate is None else one.bad_rate for one in every],
            low=[one.low for one in every],
            high=[one.high for one in every],
            tone="bad",
        )
        rows = [(say(lang, "WOE"), tuple(SIGNED.full(one.woe) for one in every))]
        if any(one.points is not None for one in every):
            rows.append((say(lang, "Points"), tuple(POINTS.full(one.points) for one in every)))
        remarks = Remarks(lines=[_said(one, lang) for one in every])
        split: tuple[Divider, ...] = ()
        if apart and plain:
            split = (Divider(x=len(plain) - 0.5),)
        return Plot(
            title=self.title(lang),
            x=Axis(categories=tuple(_name(one, lang) for one in every), rows=tuple(rows)),
            y=Axis(title=say(lang, "Share of rows"), format=PERCENT, zero=True),
            right=Axis(title=rate, format=PERCENT, zero=True),
            layers=(Bars(series=(bars,)), *split, line, spots, remarks),
            lang=lang,
        )

    def table(self, *, lang: Lang = "en") -> Table:
        """Every bin in the order drawn."""
        plain, apart = self._ordered()
        header = ("Bin", "Kind", "Rows", "Share of rows", "Bads", "Bad rate")
        return Table(
            header=heads(lang, *header, "Lower bound", "Upper bound", "WOE", "Points"),
            rows=tuple(
                (b.label, say(lang, b.kind), b.rows, b.share, b.bads, b.bad_rate)
                + (b.low, b.high, b.woe, b.points)
                for b in (*plain, *apart)
            ),
        )


def _name(one: WoeBin, lang: Lang) -> str:
    return one.label or say(lang, "Missing" if one.kind == "missing" else "Special")


def _said(one: WoeBin, lang: Lang) -> list[str]:
    lines = [f"{say(lang, 'WOE')}: {SIGNED.full(one.woe)}"]
    if one.points is not None:
        lines.append(f"{say(lang, 'Points')}: {POINTS.full(one.points)}")
    if one.rows is not None:
        lines.append(say(lang, "n = {value}", value=f"{one.rows:,}"))
    return lines


@dataclass(frozen=True, kw_only=True)
class IvRanking(Picture):
    """Information value of each characteristic, strongest first.

    Below ``weak`` it says little; above ``suspicious`` it may be a leak.
    Source: N. Siddiqi, Credit Risk Scorecards, 2006, table 6.2 (0.02 and 0.5).
    """

    name = "Information value"
    features: tuple[str, ...]
    values: Sequence[float | None]
    weak: float = 0.02
    suspicious: float = 0.5

    def _rows(self) -> list[tuple[str, float | None]]:
        rows = zip(self.features, self.values, strict=True)
        return sorted(rows, key=lambda row: -(finite(row[1]) or -1.0))

    def _tone(self, value: float | None) -> str:
        held = finite(value) or 0.0
        return "danger" if held > self.suspicious else "axis" if held < self.weak else "s1"

    def svg(self, *, key: str, lang: Lang = "en", size: Size = WIDE) -> Markup:
        """Horizontal bars with the border of the weak across."""
        rows = self._rows()
        values = [value for _, value in rows]
        marks = [
            Threshold(
                value=self.weak,
                label=say(lang, "weak below {value}", value=TWO.full(self.weak)),
                tone="neutral",
            )
        ]
        if any((finite(v) or 0.0) > self.suspicious for v in values):
            words = say(lang, "suspicious above {value}", value=TWO.full(self.suspicious))
            marks.append(Threshold(value=self.suspicious, label=words))
        chart = HorizontalBars(
            title=self.title(lang),
            names=tuple(name for name, _ in rows),
            series=(BarSeries(name="", values=values, tones=[self._tone(v) for v in values]),),
            format=THREE,
            axis_title=say(lang, "IV"),
            thresholds=tuple(marks),
            lang=lang,
        )
        return draw_horizontal(chart, key=key, size=size)

    def table(self, *, lang: Lang = "en") -> Table:
        """Characteristics with their information value, strongest first."""
        return Table(header=heads(lang, "Feature", "IV"), rows=tuple(self._rows()))
