"""The quality report of one stored load: one column in memory at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
import pyarrow.parquet as pq
from numpy.typing import NDArray

from datasets.choices import TIME_TYPES, Privacy, Role
from datasets.contracts import (
    ColumnContract,
    ColumnProfile,
    DataContract,
    DriftEntry,
    Finding,
    IntakeSummary,
    QualityReport,
    TargetSummary,
    Vintage,
)
from datasets.engine.casting import stored_type
from datasets.engine.column_findings import (
    coded_words,
    number_findings,
    relation_findings,
    shape_findings,
    words_finding,
)
from datasets.engine.dialects import BLIND_SUFFIX, ROW_COLUMN
from datasets.engine.drift import category_psi, numeric_psi
from datasets.engine.findings import finding
from datasets.engine.keys import SeenKeys, key_hashes
from datasets.engine.profiles import (
    is_numeric_like,
    moment_profile,
    numeric_parts,
    numeric_profile,
    text_profile,
)
from datasets.engine.reading import Stored, open_stored, read_columns
from datasets.engine.relations import category_auc, missing_contrast, numeric_auc
from datasets.engine.storing import stored_columns
from datasets.engine.target_quality import RowFacts, target_findings, target_summary
from datasets.engine.targets import bad_flags, is_declared
from datasets.engine.text_counts import count_texts
from datasets.engine.vintages import time_findings, timeliness, vintages

STABLE_PSI = 0.1
EXAMPLES = 20
AUC_GROUPS = 10_000
WORST_COLUMNS = 20
RELATED = (Role.FEATURE, Role.PROTECTED, Role.KNOWN_AFTER_DECISION)

Floats = NDArray[np.float64]


def quality_report(
    source: Stored,
    contract: DataContract,
    summary: IntakeSummary | None = None,
    *,
    previous: QualityReport | None = None,
    as_of: dt.date,
) -> QualityReport:
    """Profile every stored column, relate it to the target, compare with the last load.

    `as_of` is the day the report speaks of; `summary` (of `convert`) gives what was quarantined.
    Raises DamagedFile, ColumnsMissing.
    """
    file = open_stored(source)
    rows = int(file.metadata.num_rows)
    work = _Report(file=file, contract=contract, previous=previous, rows=rows)
    work.read_target(source)
    for column in stored_columns(contract):
        work.add(column, source)
    work.compare_schema()
    repeated, examples = _repeats(file, contract)
    if repeated:
        work.findings.append(finding("duplicate_rows", n=repeated))
    work.findings.extend(_quarantine_findings(summary))
    newest, fresh = work.time(source, as_of)
    target = work.target()
    return QualityReport(
        rows=rows,
        rows_quarantined=summary.rows_quarantined if summary else 0,
        as_of=as_of.isoformat(),
        completeness=_completeness(work.profiles),
        validity=_validity(summary),
        uniqueness=1.0 - repeated / rows if rows else 1.0,
        timeliness=fresh,
        stability=_stability(work.drift),
        newest=newest,
        duplicate_rows=repeated,
        duplicate_examples=examples,
        profiles=tuple(work.profiles),
        drift=tuple(work.drift),
        vintages=work.vintages,
        target=target,
        findings=tuple(work.findings),
    )


@dataclass(slots=True, kw_only=True)
class _Report:
    """A report in the making."""

    file: pq.ParquetFile
    contract: DataContract
    previous: QualityReport | None
    rows: int
    bad: Floats | None = None
    facts: RowFacts = field(default_factory=RowFacts)
    profiles: list[ColumnProfile] = field(default_factory=list)
    drift: list[DriftEntry] = field(default_factory=list)
    vintages: tuple[Vintage, ...] = ()
    findings: list[Finding] = field(default_factory=list)

    def read_target(self, source: Stored) -> None:
        """Good and bad of every row, where the contract declares them."""
        self.facts.begin(self.rows)
        for column in self.contract.with_role(Role.TARGET):
            if is_declared(column):
                values = read_columns(source, [column.name], self.contract)[column.name]
                self.bad = bad_flags(values, column)

    def add(self, column: ColumnContract, source: Stored) -> None:
        """Profile a column, relate it to the target and compare it with the last load."""
        kind = stored_type(column)
        if column.privacy is Privacy.IDENTITY or not (is_numeric_like(kind) or kind in TIME_TYPES):
            profile = self._text(column)
        elif kind in TIME_TYPES:
            values = read_columns(source, [column.name], self.contract)[column.name]
            profile = moment_profile(values.astype("datetime64[us]"), column)
            self.facts.note_missing(np.isnat(values), column)
        else:
            values = read_columns(source, [column.name], self.contract)[column.name]
            profile = self._number(values.astype(np.float64), column)
        self.profiles.append(profile)
        self.findings.extend(shape_findings(profile, column))

    def _number(self, values: Floats, column: ColumnContract) -> ColumnProfile:
        parts = numeric_parts(values, column)
        profile = numeric_profile(values, parts, column)
        self.findings.extend(number_findings(parts.plain, column))
        self.findings.extend(coded_words(profile, column))
        self.facts.note_missing(np.isnan(values), column)
        self.facts.note_codes(values, column)
        before = self._before(column.name)
        if before is not None:
            ordinary = np.where(parts.special, np.inf, values)
            self._moved(column.name, numeric_psi(before, ordinary, parts.codes))
        if self.bad is None or column.role not in RELATED:
            return profile
        auc = numeric_auc(values, parts.special, self.bad)
        return self._related(profile, column, auc, np.isnan(values))

    def _text(self, column: ColumnContract) -> ColumnProfile:
        hidden = column.privacy is Privacy.IDENTITY
        found = count_texts(self.file, column.name + (BLIND_SUFFIX if hidden else ""))
        missing = found.hashes == 0
        profile = text_profile(
            column,
            n=self.rows,
            missing=found.missing,
            distinct=found.distinct,
            exact=found.exact,
            counts=found.counts,
            hidden=hidden or column.privacy is Privacy.RESTRICTED,
        )
        self.facts.note_missing(missing, column)
        if hidden:
            return profile
        if column.role in RELATED:
            words = words_finding(column, found.counts)
            self.findings.extend([words] if words else [])
        before = self._before(column.name)
        if before is not None and before.top:
            self._moved(column.name, category_psi(before, found.counts, found.missing))
        if self.bad is None or column.role not in RELATED:
            return profile
        auc = None
        if profile.distinct <= AUC_GROUPS:
            _, codes = np.unique(found.hashes, return_inverse=True)
            auc = category_auc(codes.astype(np.int64), self.bad)
        return self._related(profile, column, auc, missing)

    def _related(
        self,
        profile: ColumnProfile,
        column: ColumnContract,
        auc: float | None,
        missing: NDArray[np.bool_],
    ) -> ColumnProfile:
        assert self.bad is not None
        contrast = missing_contrast(missing, self.bad)
        self.findings.extend(relation_findings(column, auc, contrast))
        fields = {name: getattr(profile, name) for name in profile.__struct_fields__}
        rates = (None, None) if contrast is None else (contrast.missing_rate, contrast.present_rate)
        fields |= {"auc": auc, "bad_rate_missing": rates[0], "bad_rate_present": rates[1]}
        return ColumnProfile(**fields)

    def _before(self, name: str) -> ColumnProfile | None:
        if self.previous is None:
            return None
        column = self.contract.column(name)
        for profile in self.previous.profiles:
            if profile.name == name and profile.type == column.type:
                return profile
        return None

    def _moved(self, name: str, value: float) -> None:
        self.drift.append(DriftEntry(column=name, psi=value))
        if value >= STABLE_PSI:
            self.findings.append(finding("drift", column=name, psi=value))

    def compare_schema(self) -> None:
        """Columns that came, went, or changed type since the last load."""
        if self.previous is None:
            return
        old = {profile.name: profile.type for profile in self.previous.profiles}
        new = {profile.name: profile.type for profile in self.profiles}
        for name in [*new, *(name for name in old if name not in new)]:
            change = _change(old.get(name), new.get(name))
            if change is not None:
                self.drift.append(DriftEntry(column=name, psi=None, change=change[0]))
                self.findings.append(
                    finding("schema_change", column=name, change=change[0], change_zh=change[1])
                )

    def time(self, source: Stored, as_of: dt.date) -> tuple[str | None, float | None]:
        """Newest day not after `as_of` and the timeliness score, of the time column."""
        for column in self.contract.with_role(Role.TIME):
            values = read_columns(source, [column.name], self.contract)[column.name]
            days = values.astype("datetime64[D]")
            self.vintages = vintages(days, self.bad)
            self.findings.extend(time_findings(days, self.vintages, column, as_of))
            past = days[~np.isnat(days) & (days <= np.datetime64(as_of))]
            if len(past):
                newest = past.max().item()
                return newest.isoformat(), timeliness(newest, as_of)
        return None, None

    def target(self) -> TargetSummary | None:
        """Bad rate, direction and what a complete-case filter would do."""
        for column in self.contract.with_role(Role.TARGET):
            profile = next(p for p in self.profiles if p.name == column.name)
            summary = target_summary(column, self.bad, self.facts)
            self.findings.extend(target_findings(column, profile, summary, self.facts, self.bad))
            return summary
        return None


def _change(old: str | None, new: str | None) -> tuple[str, str] | None:
    if old == new:
        return None
    if old is None:
        return "new column", "新增列"
    if new is None:
        return "column no longer present", "列已消失"
    return f"type changed from {old} to {new}", f"类型由 {old} 变为 {new}"


def _repeats(file: pq.ParquetFile, contract: DataContract) -> tuple[int, tuple[int, ...]]:
    """Rows equal to an earlier one in every field but ids and keys, and the first row numbers."""
    own = {column.name for column in contract.with_role(Role.ID)} | set(contract.keys)
    secret = {c.name for c in contract.columns if c.privacy is Privacy.IDENTITY}
    left_out = own | {name + BLIND_SUFFIX for name in own} | secret | {ROW_COLUMN}
    names = [name for name in file.schema_arrow.names if name not in left_out]
    if len(names) < 2:
        return 0, ()
    seen = SeenKeys()
    count = 0
    examples: list[int] = []
    for batch in file.iter_batches(columns=[ROW_COLUMN, *names]):
        frame = pl.from_arrow(batch)
        assert isinstance(frame, pl.DataFrame)
        mask = seen.repeats(key_hashes([frame[name] for name in names]))
        count += int(mask.sum())
        if len(examples) < EXAMPLES:
            examples += frame[ROW_COLUMN].to_numpy()[mask][: EXAMPLES - len(examples)].tolist()
    return count, tuple(examples)


def _quarantine_findings(summary: IntakeSummary | None) -> list[Finding]:
    if summary is None or not summary.rows_quarantined:
        return []
    share = summary.rows_quarantined / summary.rows_in
    reason = max(summary.reasons, key=lambda name: summary.reasons[name])
    n = summary.rows_quarantined
    worst = sorted(summary.column_issues.items(), key=lambda item: -item[1])[:WORST_COLUMNS]
    return [
        finding("quarantined_rows", reason=reason, n=n, rows=summary.rows_in, share=share),
        *(finding("values_refused", column=name, n=count) for name, count in worst),
    ]


def _completeness(profiles: Sequence[ColumnProfile]) -> float:
    cells = sum(profile.n for profile in profiles)
    missing = sum(profile.missing for profile in profiles)
    return 1.0 - missing / cells if cells else 1.0


def _validity(summary: IntakeSummary | None) -> float:
    if summary is None or not summary.rows_in:
        return 1.0
    return summary.rows_good / summary.rows_in


def _stability(drift: Sequence[DriftEntry]) -> float | None:
    compared = [entry.psi for entry in drift if entry.psi is not None]
    return sum(psi < STABLE_PSI for psi in compared) / len(compared) if compared else None
