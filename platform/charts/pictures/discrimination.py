"""How well a score parts good from bad: distribution, ROC and KS."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from charts.area import Axis
from charts.curves import Histogram, Line
from charts.numerals import PERCENT, PLAIN, THREE, finite
from charts.palette import dash, series
from charts.picture import PlotPicture
from charts.plot import Plot
from charts.references import Gap, Rule
from charts.table import Table
from charts.words import Lang, heads, say


@dataclass(frozen=True, kw_only=True)
class ScoreDistribution(PlotPicture):
    """Share of goods and of bads by score band.

    ``edges`` has one more element than ``good`` and ``bad`` (counts per band).
    """

    name = "Score distribution by outcome"
    edges: Sequence[float]
    good: Sequence[float]
    bad: Sequence[float]
    cut_off: float | None = None

    @staticmethod
    def _shares(counts: Sequence[float]) -> list[float | None]:
        held = [finite(v) for v in counts]
        total = sum(v for v in held if v is not None)
        if not total:
            return [None] * len(held)
        return [math.nan if v is None else v / total for v in held]

    def plot(self, *, lang: Lang = "en") -> Plot:
        """Two filled outlines, each summing to 100 %."""
        good, bad = say(lang, "Good"), say(lang, "Bad")
        rule: tuple[Rule, ...] = (
            ()
            if self.cut_off is None
            else (
                Rule(
                    along="x",
                    value=self.cut_off,
                    tone="ink",
                    label=f"{say(lang, 'Cut-off')} {PLAIN.full(self.cut_off)}",
                ),
            )
        )
        return Plot(
            title=self.title(lang),
            description=say(
                lang,
                "The less the two outcomes overlap across score bands, the better.",
            ),
            x=Axis(title=say(lang, "Score")),
            y=Axis(title=say(lang, "Share of outcome"), format=PERCENT, zero=True),
            layers=(
                Histogram(name=good, edges=self.edges, values=self._shares(self.good), tone="good"),
                Histogram(
                    name=bad,
                    edges=self.edges,
                    values=self._shares(self.bad),
                    tone="bad",
                    dash="5 2",
                ),
                *rule,
            ),
            lang=lang,
        )

    def table(self, *, lang: Lang = "en") -> Table:
        """Counts and shares by band."""
        good, bad = self._shares(self.good), self._shares(self.bad)
        return Table(
            header=heads(lang, "From", "To", "Good", "Bad", "Share of good", "Share of bad"),
            rows=tuple(
                (low, high, self.good[i], self.bad[i], good[i], bad[i])
                for i, (low, high) in enumerate(pairwise(self.edges))
            ),
        )


@dataclass(frozen=True, kw_only=True)
class RocSplit:
    """One ROC curve: false and true positive rates in order, AUC with its interval."""

    name: str
    false_positive: Sequence[float]
    true_positive: Sequence[float]
    auc: float
    auc_low: float | None = None
    auc_high: float | None = None

    def label(self) -> str:
        """Name and AUC for the legend."""
        text = f"{self.name} \u00b7 AUC {THREE.full(self.auc)}"
        if self.auc_low is not None and self.auc_high is not None:
            text += f" [{THREE.full(self.auc_low)}, {THREE.full(self.auc_high)}]"
        return text


@dataclass(frozen=True, kw_only=True)
class RocCurves(PlotPicture):
    """ROC curves of several splits over the diagonal of chance."""

    name = "ROC curve"
    tall = 1.15
    splits: tuple[RocSplit, ...]

    def plot(self, *, lang: Lang = "en") -> Plot:
        """Curves, diagonal, AUC with interval in the legend."""
        chance = say(lang, "Chance")
        lines = tuple(
            Line(
                name=split.name,
                legend_name=split.label(),
                x=split.false_positive,
                y=split.true_positive,
                tone=series(i),
                dash=dash(i),
            )
            for i, split in enumerate(self.splits)
        )
        diagonal = Line(
            name=chance, x=(0.0, 1.0), y=(0.0, 1.0), tone="neutral", dash="4 4", reference=True
        )
        return Plot(
            title=self.title(lang),
            description="; ".join(split.label() for split in self.splits),
            x=Axis(
                title=say(lang, "False positive rate"),
                format=PERCENT,
                low=0,
                high=1,
            ),
            y=Axis(
                title=say(lang, "True positive rate"),
                format=PERCENT,
                low=0,
                high=1,
            ),
            layers=(*lines, diagonal) if any(line.filled() for line in lines) else (),
            lang=lang,
        )

    def table(self, *, lang: Lang = "en") -> Table:
        """Every point of every split."""
        return Table(
            header=heads(lang, "Split", "False positive rate", "True positive rate"),
            rows=tuple(
                (split.name, x, y)
                for split in self.splits
                for x, y in zip(split.false_positive, split.true_positive, strict=True)
            ),
        )


@dataclass(frozen=True, kw_only=True)
class KsCurve(PlotPicture):
    """Cumulative shares of good and bad by score; the KS distance is the widest gap.

    ``bad`` and ``good`` are cumulative shares (0 to 1) at each ``score``; ``ks_low`` and ``ks_high``
    bound the interval of the distance.
    """

    name = "KS curve"
    score: Sequence[float]
    good: Sequence[float]
    bad: Sequence[float]
    ks_low: float | None = None
    ks_high: float | None = None

    def widest(self) -> tuple[float, float, float, float] | None:
        """Score, cumulative good, cumulative bad and distance where it is largest."""
        rows = []
        for score, good, bad in zip(self.score, self.good, self.bad, strict=True):
            s, g, b = finite(score), finite(good), finite(bad)
            if s is not None and g is not None and b is not None:
                rows.append((s, g, b, abs(b - g)))
        return max(rows, key=lambda row: row[3], default=None)

    def _label(self, score: float, distance: float) -> str:
        text = f"KS {THREE.full(distance)}"
        if self.ks_low is not None and self.ks_high is not None:
            text += f" [{THREE.full(self.ks_low)}, {THREE.full(self.ks_high)}]"
        return f"{text} @ {PLAIN.full(score)}"

    def plot(self, *, lang: Lang = "en") -> Plot:
        """Two cumulative curves with the gap marked."""
        top = self.widest()
        gap: tuple[Gap, ...] = (
            ()
            if top is None
            else (
                Gap(
                    x=top[0],
                    low=min(top[1:3]),
                    high=max(top[1:3]),
                    label=self._label(top[0], top[3]),
                ),
            )
        )
        return Plot(
            title=self.title(lang),
            description=gap[0].label if gap else "",
            x=Axis(title=say(lang, "Score")),
            y=Axis(
                title=say(lang, "Cumulative share"),
                format=PERCENT,
                low=0,
                high=1,
            ),
            layers=(
                Line(name=say(lang, "Bad"), x=self.score, y=self.bad, tone="bad"),
                Line(
                    name=say(lang, "Good"),
                    x=self.score,
                    y=self.good,
                    tone="good",
                    dash="6 3",
                ),
                *gap,
            ),
            lang=lang,
        )

    def table(self, *, lang: Lang = "en") -> Table:
        """Both curves and their distance."""
        return Table(
            header=heads(lang, "Score", "Cumulative good", "Cumulative bad", "Distance"),
            rows=tuple(
                (s, g, b, abs(b - g))
                for s, g, b in zip(self.score, self.good, self.bad, strict=True)
            ),
        )
