"""How the platform itself does: quotas, banks, jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from charts.area import WIDE, Size
from charts.columns import BarSeries
from charts.horizontal import HorizontalBars, Threshold, draw_horizontal
from charts.markup import Markup
from charts.numerals import COUNT, PERCENT
from charts.picture import Picture
from charts.table import Table
from charts.words import Lang, heads, say

Health = Literal["healthy", "degraded", "failing", "suspended"]
_HEALTH: tuple[tuple[Health, str], ...] = (
    ("healthy", "s1"),
    ("degraded", "warn"),
    ("failing", "danger"),
    ("suspended", "neutral"),
)
_STATES = (
    ("queued", "neutral"),
    ("running", "s3"),
    ("succeeded", "s1"),
    ("failed", "danger"),
    ("cancelled", "warn"),
)


@dataclass(frozen=True, kw_only=True)
class QuotaUse:
    """What one bank (or one meter) used of its quota; None is without limit."""

    label: str
    used: float
    quota: float | None

    @property
    def share(self) -> float | None:
        """Used over quota; None without a quota."""
        return self.used / self.quota if self.quota else None


@dataclass(frozen=True, kw_only=True)
class UseAgainstQuota(Picture):
    """Share of quota used, fullest first; from ``warn`` on amber, from 100 % on red."""

    name = "Use against quota"
    uses: tuple[QuotaUse, ...]
    warn: float = 0.8

    def _rows(self) -> list[QuotaUse]:
        return sorted(self.uses, key=lambda one: -(one.share if one.share is not None else -1.0))

    def _tone(self, share: float | None) -> str:
        held = share or 0.0
        return "danger" if held >= 1 else "warn" if held >= self.warn else "s1"

    def svg(self, *, key: str, lang: Lang = "en", size: Size = WIDE) -> Markup:
        """Horizontal bars with the line of 100 %."""
        rows = self._rows()
        texts = tuple(
            f"{COUNT.full(one.used)} / {COUNT.full(one.quota)}"
            if one.quota
            else f"{COUNT.full(one.used)} \u00b7 {say(lang, 'no quota')}"
            for one in rows
        )
        shares = [one.share if one.share is not None else 0.0 for one in rows]
        chart = HorizontalBars(
            title=self.title(lang),
            names=tuple(one.label for one in rows),
            series=(BarSeries(name="", values=shares, tones=[self._tone(s) for s in shares]),),
            format=PERCENT,
            thresholds=(Threshold(value=1.0, label=PERCENT.full(1.0).replace(".0", "")),),
            texts=texts,
            lang=lang,
        )
        return draw_horizontal(chart, key=key, size=size)

    def table(self, *, lang: Lang = "en") -> Table:
        """One row a bank."""
        return Table(
            header=heads(lang, "Bank", "Used", "Quota", "Use"),
            rows=tuple((one.label, one.used, one.quota, one.share) for one in self._rows()),
        )


@dataclass(frozen=True, kw_only=True)
class BanksByHealth(Picture):
    """How many banks are in each state of health."""

    name = "Banks by health"
    healthy: int
    degraded: int = 0
    failing: int = 0
    suspended: int = 0

    def _counts(self) -> list[int]:
        return [self.healthy, self.degraded, self.failing, self.suspended]

    def svg(self, *, key: str, lang: Lang = "en", size: Size = WIDE) -> Markup:
        """One bar a state."""
        chart = HorizontalBars(
            title=self.title(lang),
            names=tuple(say(lang, state) for state, _ in _HEALTH),
            series=(
                BarSeries(name="", values=self._counts(), tones=[tone for _, tone in _HEALTH]),
            ),
            format=COUNT,
            lang=lang,
        )
        return draw_horizontal(chart, key=key, size=size)

    def table(self, *, lang: Lang = "en") -> Table:
        """One row a state."""
        states = [say(lang, state) for state, _ in _HEALTH]
        rows = tuple(zip(states, self._counts(), strict=True))
        return Table(header=heads(lang, "Health", "Banks"), rows=rows)


@dataclass(frozen=True, kw_only=True)
class QueueJobs:
    """Jobs of one queue by state."""

    queue: str
    queued: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0

    def counts(self) -> tuple[int, ...]:
        """In the order the states are drawn."""
        return (self.queued, self.running, self.succeeded, self.failed, self.cancelled)


@dataclass(frozen=True, kw_only=True)
class JobsByState(Picture):
    """Jobs by state, one strip a queue."""

    name = "Jobs by state"
    queues: tuple[QueueJobs, ...]

    def svg(self, *, key: str, lang: Lang = "en", size: Size = WIDE) -> Markup:
        """Stacked strips with the total at their ends."""
        chart = HorizontalBars(
            title=self.title(lang),
            names=tuple(one.queue for one in self.queues),
            series=tuple(
                BarSeries(
                    name=say(lang, state),
                    values=[one.counts()[place] for one in self.queues],
                    tone=tone,
                )
                for place, (state, tone) in enumerate(_STATES)
            ),
            mode="stack",
            format=COUNT,
            texts=tuple(f"{sum(one.counts()):,}" for one in self.queues),
            lang=lang,
        )
        return draw_horizontal(chart, key=key, size=size)

    def table(self, *, lang: Lang = "en") -> Table:
        """One row a queue, one column a state."""
        states = tuple(state for state, _ in _STATES)
        return Table(
            header=heads(lang, "Queue", *states),
            rows=tuple((one.queue, *one.counts()) for one in self.queues),
        )
