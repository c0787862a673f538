"""Does a predicted bad rate come true?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from charts.area import Axis
from charts.curves import Line, Points
from charts.numerals import PERCENT, finite
from charts.palette import series
from charts.picture import PlotPicture
from charts.plot import Plot
from charts.scale import widen
from charts.table import Table
from charts.words import Lang, heads, say


@dataclass(frozen=True, kw_only=True)
class CalibrationGroup:
    """One decile or grade: mean predicted and observed bad rate (0 to 1) with its interval."""

    label: str
    predicted: float
    observed: float
    low: float | None = None
    high: float | None = None
    rows: int | None = None


@dataclass(frozen=True, kw_only=True)
class CalibrationSplit:
    """The groups of one split."""

    name: str
    groups: Sequence[CalibrationGroup]


@dataclass(frozen=True, kw_only=True)
class CalibrationCurve(PlotPicture):
    """Observed against predicted bad rate by group, with intervals, over the diagonal."""

    name = "Calibration by decile"
    tall = 1.15
    splits: tuple[CalibrationSplit, ...]

    def plot(self, *, lang: Lang = "en") -> Plot:
        """Points with intervals; on the diagonal a prediction came true."""
        layers = tuple(
            Points(
                name=split.name,
                x=[g.predicted for g in split.groups],
                y=[g.observed for g in split.groups],
                low=[g.low for g in split.groups],
                high=[g.high for g in split.groups],
                notes=[_said(g, lang) for g in split.groups],
                tone=series(place),
                hollow=place % 2 == 1,
            )
            for place, split in enumerate(self.splits)
        )
        ends = [v for layer in layers for v in (*layer.span_x(), *layer.span_y())]
        top = min(widen(0.0, max(ends, default=0.0) or 1.0, 5)[1], 1.0)
        diagonal = Line(
            name=say(lang, "Perfectly calibrated"),
            x=(0.0, top),
            y=(0.0, top),
            tone="neutral",
            dash="4 4",
            reference=True,
        )
        return Plot(
            title=self.title(lang),
            x=Axis(title=say(lang, "Predicted bad rate"), format=PERCENT, low=0, high=top),
            y=Axis(title=say(lang, "Observed bad rate"), format=PERCENT, low=0, high=top),
            layers=(*layers, diagonal) if ends else (),
            lang=lang,
        )

    def table(self, *, lang: Lang = "en") -> Table:
        """Every group of every split."""
        header = ("Split", "Group", "Rows", "Predicted bad rate", "Observed bad rate")
        return Table(
            header=heads(lang, *header, "Lower bound", "Upper bound"),
            rows=tuple(
                (split.name, g.label, g.rows, g.predicted, g.observed, g.low, g.high)
                for split in self.splits
                for g in split.groups
            ),
        )


def _said(group: CalibrationGroup, lang: Lang) -> str:
    lines = [
        group.label,
        f"{say(lang, 'Predicted bad rate')}: {PERCENT.full(group.predicted)}",
        f"{say(lang, 'Observed bad rate')}: {PERCENT.full(group.observed)}",
    ]
    if finite(group.low) is not None and finite(group.high) is not None:
        lines[-1] += f" [{PERCENT.full(group.low)}, {PERCENT.full(group.high)}]"
    if group.rows is not None:
        lines.append(say(lang, "n = {value}", value=f"{group.rows:,}"))
    return "\n".join(lines)
