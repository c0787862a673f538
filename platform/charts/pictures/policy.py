"""What a decision policy does: reasons, the trade of approval for bad rate, swap sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from charts.area import WIDE, Axis, Size
from charts.columns import BarSeries
from charts.curves import Line, Points
from charts.drawing import notes_of, picture
from charts.horizontal import HorizontalBars, draw_horizontal
from charts.lettering import lettering
from charts.markup import Markup, join, tag
from charts.numerals import COUNT, PERCENT, PLAIN, finite
from charts.palette import fill
from charts.picture import Picture, PlotPicture
from charts.plot import Plot
from charts.references import Spot
from charts.table import Table
from charts.words import Lang, heads, say


@dataclass(frozen=True, kw_only=True)
class Reason:
    """How many decisions gave one reason; ``text`` already in the reader's language."""

    code: str
    text: str
    count: int


@dataclass(frozen=True, kw_only=True)
class ReasonFrequency(Picture):
    """Reasons by how often they were given; ``decisions`` (how many had reasons) adds shares."""

    name = "Reason codes"
    reasons: tuple[Reason, ...]
    decisions: int | None = None

    def _rows(self) -> list[Reason]:
        return sorted(self.reasons, key=lambda one: -one.count)

    def svg(self, *, key: str, lang: Lang = "en", size: Size = WIDE) -> Markup:
        """Horizontal bars, most frequent first."""
        rows = self._rows()
        texts = None
        if self.decisions:
            total = self.decisions
            texts = tuple(f"{one.count:,} \u00b7 {PERCENT.full(one.count / total)}" for one in rows)
        chart = HorizontalBars(
            title=self.title(lang),
            names=tuple(f"{one.code} \u00b7 {one.text}" for one in rows),
            series=(BarSeries(name="", values=[one.count for one in rows]),),
            format=COUNT,
            axis_title=say(lang, "Decisions"),
            texts=texts,
            lang=lang,
        )
        return draw_horizontal(chart, key=key, size=size)

    def table(self, *, lang: Lang = "en") -> Table:
        """Code, text, count and share."""
        total = self.decisions
        return Table(
            header=heads(lang, "Code", "Reason", "Decisions", "Share"),
            rows=tuple(
                (one.code, one.text, one.count, one.count / total if total else None)
                for one in self._rows()
            ),
        )


@dataclass(frozen=True, kw_only=True)
class ApprovalTrade(PlotPicture):
    """Approval rate against bad rate among the approved, for every cut-off.

    ``approval_rate`` and ``bad_rate`` (0 to 1) run along ``cut_off``; ``current`` is one of them.
    """

    name = "Approval rate against bad rate"
    cut_off: Sequence[float]
    approval_rate: Sequence[float]
    bad_rate: Sequence[float | None]
    low: Sequence[float | None] | None = None
    high: Sequence[float | None] | None = None
    current: float | None = None

    def plot(self, *, lang: Lang = "en") -> Plot:
        """The curve, and a ring where the cut-off stands."""
        order = sorted(range(len(self.cut_off)), key=lambda i: self.approval_rate[i])
        x = [self.approval_rate[i] for i in order]
        y = [self.bad_rate[i] for i in order]
        line = Line(
            name=say(lang, "Bad rate among approved"),
            x=x,
            y=y,
            low=None if self.low is None else [self.low[i] for i in order],
            high=None if self.high is None else [self.high[i] for i in order],
        )
        every = max(len(order) // 24, 1)
        dots = Points(
            name="",
            x=x[::every],
            y=y[::every],
            radius=3,
            notes=[self._said(i, lang) for i in order[::every]],
        )
        marks: tuple[Spot, ...] = ()
        if self.current is not None and len(order):
            at = min(order, key=lambda i: abs(self.cut_off[i] - (self.current or 0.0)))
            rate = finite(self.bad_rate[at])
            if rate is not None:
                label = say(lang, "Cut-off {value}", value=PLAIN.full(self.cut_off[at]))
                marks = (Spot(x=self.approval_rate[at], y=rate, label=label),)
        return Plot(
            title=self.title(lang),
            description=self._said(at, lang).replace("\n", ", ") if marks else "",
            x=Axis(title=say(lang, "Approval rate"), format=PERCENT),
            y=Axis(title=say(lang, "Bad rate among approved"), format=PERCENT, zero=True),
            layers=(line, dots, *marks),
            lang=lang,
            hover=False,
        )

    def _said(self, at: int, lang: Lang) -> str:
        return "\n".join(
            (
                say(lang, "Cut-off {value}", value=PLAIN.full(self.cut_off[at])),
                f"{say(lang, 'Approval rate')}: {PERCENT.full(self.approval_rate[at])}",
                f"{say(lang, 'Bad rate')}: {PERCENT.full(self.bad_rate[at])}",
            )
        )

    def table(self, *, lang: Lang = "en") -> Table:
        """One row a cut-off."""
        return Table(
            header=heads(lang, "Cut-off", "Approval rate", "Bad rate among approved"),
            rows=tuple(zip(self.cut_off, self.approval_rate, self.bad_rate, strict=True)),
        )


@dataclass(frozen=True, kw_only=True)
class SwapCell:
    """Applications in one cell of the swap set; ``bad_rate`` is None where nothing was observed."""

    rows: int
    bad_rate: float | None = None


@dataclass(frozen=True, kw_only=True)
class SwapSet(Picture):
    """Champion against challenger: who would be approved by both, by one, by none."""

    name = "Swap set"
    both_approve: SwapCell
    swap_in: SwapCell
    swap_out: SwapCell
    both_decline: SwapCell

    def _cells(self) -> tuple[tuple[str, SwapCell, str, int, int], ...]:
        return (
            ("Both approve", self.both_approve, "s1", 0, 0),
            ("Swap out", self.swap_out, "s2", 0, 1),
            ("Swap in", self.swap_in, "s3", 1, 0),
            ("Both decline", self.both_decline, "neutral", 1, 1),
        )

    def svg(self, *, key: str, lang: Lang = "en", size: Size = WIDE) -> Markup:
        """Two by two: champion down, challenger across."""
        total = sum(cell.rows for _, cell, *_ in self._cells())
        left = 88.0 if size.narrow else 140.0
        wide, tall, top = (size.width - left) / 2, 108.0, 26.0
        parts = [
            lettering(
                left + wide * (column + 0.5),
                15,
                say(lang, f"Challenger {verb}"),
                anchor="middle",
                room=wide - 4,
                tone="ink",
            )
            for column, verb in enumerate(("approves", "declines"))
        ]
        for row, verb in enumerate(("approves", "declines")):
            y = top + tall * (row + 0.5) + 4
            words = say(lang, f"Champion {verb}")
            parts.append(lettering(left - 8, y, words, anchor="end", room=left - 10, tone="ink"))
        said = []
        for name, cell, tone, row, column in self._cells():
            title = say(lang, name)
            share = PERCENT.full(cell.rows / total) if total else PERCENT.full(None)
            rate = say(lang, "bad rate unknown")
            if finite(cell.bad_rate) is not None:
                rate = say(lang, "bad rate {value}", value=PERCENT.full(cell.bad_rate))
            said.append(f"{title}: {cell.rows:,} ({share}), {rate}")
            box = (left + column * wide, top + row * tall, wide - 4, tall - 4)
            parts.append(_cell(box, tone, (title, f"{cell.rows:,}", share, rate)))
        return picture(
            join(parts),
            key=key,
            size=size,
            height=top + 2 * tall + 2,
            title=self.title(lang),
            description=notes_of(tuple(said)),
        )

    def table(self, *, lang: Lang = "en") -> Table:
        """One row a cell."""
        total = sum(cell.rows for _, cell, *_ in self._cells())
        return Table(
            header=heads(lang, "Cell", "Rows", "Share", "Bad rate"),
            rows=tuple(
                (say(lang, name), cell.rows, cell.rows / total if total else None, cell.bad_rate)
                for name, cell, *_ in self._cells()
            ),
        )


def _cell(box: tuple[float, float, float, float], tone: str, words: tuple[str, ...]) -> Markup:
    x, y, wide, tall = box
    room = wide - 24
    return tag(
        "g",
        tag("title", "\n".join(words)),
        tag("rect", x=x, y=y, width=wide, height=tall, rx=6, fill_opacity="0.12", **fill(tone)),
        tag("rect", x=x, y=y + 8, width=3.5, height=tall - 16, rx=1.7, **fill(tone)),
        lettering(x + 14, y + 24, words[0], tone="muted", room=room),
        lettering(x + 14, y + 54, words[1], tone="ink", size=22, bold=True, room=room),
        lettering(x + 14, y + 75, words[2], tone="muted", room=room),
        lettering(x + 14, y + 92, words[3], tone="ink", room=room),
        class_="ch-point",
    )
