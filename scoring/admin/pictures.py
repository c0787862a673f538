"""Pictures that only the overview and the batches need."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from charts.area import Axis
from charts.columns import Bars, BarSeries
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
