"""The pictures of a quality report, by a stable key each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from charts.area import WIDE, Size
from charts.columns import BarSeries
from charts.horizontal import HorizontalBars, draw_horizontal
from charts.markup import Markup
from charts.numerals import COUNT, PLAIN
from charts.picture import Picture
from charts.pictures.quality import (
    CodeCount,
    ColumnCompleteness,
    LoadRows,
    LoadStrip,
    MissingAgainstBad,
    MissingEffect,
    ValueHistogram,
)
from charts.pictures.stability import LoadDrift
from charts.table import Table
from charts.words import Lang, heads, say
from datasets.contracts import ColumnProfile, DataContract, QualityReport
from datasets.selectors import LoadView

# Fewer missing values than this say nothing about those who have them.
MISSING_FLOOR = 20
PICTURED_COLUMNS = 40
TOP_VALUES = 12


def overview(
    report: QualityReport, contract: DataContract, loads: Sequence[LoadView]
) -> dict[str, Picture]:
    """Rows of the last loads, completeness, missing against bad, drift: those that have something to show."""
    pictures: dict[str, Picture] = {}
    if loads:
        pictures["rows"] = LoadStrip(loads=tuple(_rows(load) for load in loads))
    profiles = report.profiles
    gaps = [p for p in profiles if p.missing]
    if gaps:
        pictures["completeness"] = _completeness(gaps, contract)
    effects = tuple(_effects(profiles))
    if effects:
        pictures["missing"] = MissingAgainstBad(effects=effects)
    moved = [d for d in report.drift if d.psi is not None]
    if moved:
        moved = sorted(moved, key=lambda d: d.psi or 0.0, reverse=True)[:PICTURED_COLUMNS]
        pictures["drift"] = LoadDrift(
            features=tuple(d.column for d in moved), values=[d.psi for d in moved]
        )
    return pictures


def _rows(load: LoadView) -> LoadRows:
    return LoadRows(
        label=f"#{load.number}",
        rows_in=load.rows_in,
        loaded=load.rows_good,
        quarantined=load.rows_quarantined,
    )


def _completeness(profiles: Sequence[ColumnProfile], contract: DataContract) -> Picture:
    emptiest = sorted(profiles, key=_filled)[:PICTURED_COLUMNS]
    required = {column.name for column in contract.columns if column.required}
    return ColumnCompleteness(
        columns=tuple(p.name for p in emptiest),
        completeness=[_filled(p) for p in emptiest],
        required=[1.0 if p.name in required else None for p in emptiest],
    )


def _filled(profile: ColumnProfile) -> float:
    return 1.0 - profile.missing / profile.n if profile.n else 0.0


def _effects(profiles: Sequence[ColumnProfile]) -> list[MissingEffect]:
    """Columns with enough missing values and a known outcome, the largest difference first."""
    effects = [
        MissingEffect(
            column=p.name,
            missing_share=p.missing / p.n,
            bad_rate_missing=p.bad_rate_missing,
            bad_rate_present=p.bad_rate_present,
        )
        for p in profiles
        if p.missing >= MISSING_FLOOR and p.bad_rate_missing is not None
    ]
    effects.sort(
        key=lambda e: abs((e.bad_rate_missing or 0.0) - (e.bad_rate_present or 0.0)), reverse=True
    )
    return effects[:PICTURED_COLUMNS]


def histogram(profile: ColumnProfile, *, meanings: Mapping[str, str], lang: Lang) -> Picture | None:
    """Shape of one column: bins of numbers or its commonest values, special codes and missing apart."""
    codes = [
        CodeCount(label=f"{code} {meanings.get(code, '')}".strip(), count=count)
        for code, count in profile.special.items()
    ]
    if profile.missing:
        codes.append(CodeCount(label=say(lang, "Missing"), count=profile.missing))
    if profile.edges:
        kind = ValueCounts if _holds_values(profile) else ValueHistogram
        return kind(
            column=profile.name,
            edges=profile.edges,
            counts=profile.counts,
            codes=tuple(codes),
        )
    if profile.top:
        values = tuple(CodeCount(label=v.value, count=v.count) for v in profile.top[:TOP_VALUES])
        return CommonValues(column=profile.name, values=values, codes=tuple(codes))
    return None


def _holds_values(profile: ColumnProfile) -> bool:
    """Whether each bin is one value: of few distinct ones the profile names each, the last edge twice."""
    return profile.edges[-1] == profile.edges[-2]


@dataclass(frozen=True, kw_only=True)
class ValueCounts(ValueHistogram):
    """A histogram whose bins are named by the one number each holds."""

    def _labels(self) -> tuple[str, ...]:
        return tuple(PLAIN.full(edge) for edge in self.edges[:-1])


@dataclass(frozen=True, kw_only=True)
class CommonValues(Picture):
    """The commonest values of a column of words, special codes and missing in grey below."""

    name = "Value distribution"
    column: str
    values: tuple[CodeCount, ...]
    codes: tuple[CodeCount, ...] = ()

    def title(self, lang: Lang = "en") -> str:
        """The column and what is shown."""
        return f"{self.column} · {say(lang, self.name)}"

    def svg(self, *, key: str, lang: Lang = "en", size: Size = WIDE) -> Markup:
        """Horizontal bars."""
        all_of_them = (*self.values, *self.codes)
        chart = HorizontalBars(
            title=self.title(lang),
            names=tuple(value.label for value in all_of_them),
            series=(
                BarSeries(
                    name="",
                    values=[value.count for value in all_of_them],
                    tones=["s1"] * len(self.values) + ["axis"] * len(self.codes),
                ),
            ),
            format=COUNT,
            lang=lang,
        )
        return draw_horizontal(chart, key=key, size=size)

    def table(self, *, lang: Lang = "en") -> Table:
        """Values, then codes."""
        return Table(
            header=heads(lang, "Value", "Count"),
            rows=tuple((value.label, value.count) for value in (*self.values, *self.codes)),
        )
