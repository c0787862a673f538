"""Pictures that only the overview and the batches need."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from charts.area import Axis
from charts.columns import Bars, BarSeries
from charts.curves import Histogram
from charts.numerals import COUNT
from charts.picture import PlotPicture
from charts.plot import Plot
from charts.table import Table
from charts.words import Lang
from scoring.choices import Outcome
from scoring.selectors.pages import Outcomes

TONES = {Outcome.APPROVE: "s3", Outcome.REFER: "warn", Outcome.DECLINE: "danger"}


@dataclass(frozen=True, kw_only=True)
class OutcomesByDay(PlotPicture):
    """Decisions a day, stacked by outcome."""

    name = "Count"
    days: Sequence[tuple[Any, Outcomes]]

    def title(self, lang: Lang = "en") -> str:
        return _("Decisions by day")

    def plot(self, *, lang: Lang = "en") -> Plot:
        """One column a day."""
        series = tuple(
            BarSeries(
                name=str(outcome.label),
                values=[getattr(counts, outcome.value) or None for _day, counts in self.days],
                tone=TONES[outcome],
            )
            for outcome in (Outcome.APPROVE, Outcome.REFER, Outcome.DECLINE)
        )
        any_row = any(counts.total for _day, counts in self.days)
        return Plot(
            title=self.title(lang),
            x=Axis(categories=tuple(f"{day:%m-%d}" for day, _counts in self.days), skip=True),
            y=Axis(format=COUNT, zero=True),
            layers=(Bars(series=series, mode="stack"),) if any_row else (),
            lang=lang,
        )

    def table(self, *, lang: Lang = "en") -> Table:
        """One row a day."""
        header = (_("Day"), *(str(o.label) for o in Outcome))
        rows = tuple(
            (day.isoformat(), *(getattr(counts, o.value) for o in Outcome))
            for day, counts in self.days
        )
        return Table(header=header, rows=rows)


@dataclass(frozen=True, kw_only=True)
class ScoreHistogram(PlotPicture):
    """Rows by score; `edges` has one more element than `counts`."""

    name = "Score"
    edges: Sequence[float]
    counts: Sequence[float]

    def title(self, lang: Lang = "en") -> str:
        return _("Scores of the batch")

    def plot(self, *, lang: Lang = "en") -> Plot:
        """One filled outline."""
        outline = Histogram(name=_("Rows"), edges=self.edges, values=self.counts, tone="s1")
        return Plot(
            title=self.title(lang),
            x=Axis(title=_("Score")),
            y=Axis(title=_("Rows"), format=COUNT, zero=True),
            layers=(outline,) if self.counts else (),
            lang=lang,
        )

    def table(self, *, lang: Lang = "en") -> Table:
        """One row a band."""
        bands = zip(self.edges, self.edges[1:], self.counts, strict=False)
        return Table(header=(_("From"), _("To"), _("Rows")), rows=tuple(bands))
