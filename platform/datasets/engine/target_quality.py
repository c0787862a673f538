"""The target as a whole: its direction, unknown outcomes, complete-case filter, policy groups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from datasets.choices import NUMERIC_TYPES, Role
from datasets.contracts import ColumnContract, ColumnProfile, Finding, TargetSummary
from datasets.engine.checking import special_values
from datasets.engine.findings import finding

SUSPECT_RATE = 0.5
MANY_UNRESOLVED = 0.01
FILTER_SHARE = 0.01
GROUP_COLUMNS = 3
GROUP_SHARE = 0.001

Floats = NDArray[np.float64]


@dataclass(slots=True)
class RowFacts:
    """What is known of each row across columns: any feature missing, how many special codes."""

    incomplete: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))
    coded: dict[float, NDArray[np.uint16]] = field(default_factory=dict)
    coded_columns: dict[float, int] = field(default_factory=dict)

    def begin(self, rows: int) -> None:
        self.incomplete = np.zeros(rows, dtype=bool)

    def note_missing(self, missing: NDArray[np.bool_], column: ColumnContract) -> None:
        """Features and protected columns count for a complete row."""
        if column.role in (Role.FEATURE, Role.PROTECTED):
            self.incomplete |= missing

    def note_codes(self, values: Floats, column: ColumnContract) -> None:
        """Count, row by row, the columns that hold a code."""
        if column.type not in NUMERIC_TYPES or column.role is not Role.FEATURE:
            return
        for code in special_values(column):
            here = values == code
            if not here.any():
                continue
            if code not in self.coded:
                self.coded[code] = np.zeros(len(values), dtype=np.uint16)
            self.coded[code] += here
            self.coded_columns[code] = self.coded_columns.get(code, 0) + 1


def target_summary(column: ColumnContract, bad: Floats | None, facts: RowFacts) -> TargetSummary:
    """Counts of bad, good and unresolved; the same of complete rows."""
    if bad is None:
        return TargetSummary(
            column=column.name,
            n_bad=0,
            n_good=0,
            n_unresolved=len(facts.incomplete),
            bad_rate=None,
            direction_declared=False,
            complete_rows=int((~facts.incomplete).sum()),
            complete_bads=0,
            complete_bad_rate=None,
        )
    known = np.isfinite(bad)
    n_bad = int(np.nansum(bad))
    whole = ~facts.incomplete
    whole_known = whole & known
    whole_bads = int(bad[whole_known].sum())
    return TargetSummary(
        column=column.name,
        n_bad=n_bad,
        n_good=int(known.sum()) - n_bad,
        n_unresolved=int((~known).sum()),
        bad_rate=n_bad / int(known.sum()) if known.any() else None,
        direction_declared=True,
        complete_rows=int(whole.sum()),
        complete_bads=whole_bads,
        complete_bad_rate=whole_bads / int(whole_known.sum()) if whole_known.any() else None,
    )


def target_findings(
    column: ColumnContract,
    profile: ColumnProfile,
    summary: TargetSummary,
    facts: RowFacts,
    bad: Floats | None,
) -> Iterator[Finding]:
    """Everything to be said before training."""
    yield from _direction(column, profile, summary)
    yield from _filter(summary, len(facts.incomplete))
    yield from policy_groups(facts, bad)


def _direction(
    column: ColumnContract, profile: ColumnProfile, summary: TargetSummary
) -> Iterator[Finding]:
    if not summary.direction_declared:
        present = max(profile.n - profile.missing, 1)
        rates = "; ".join(
            f"{entry.value} → {entry.count / present:.2%}" for entry in profile.top[:6]
        )
        yield finding("direction_undeclared", column=column.name, rates=rates)
        return
    if summary.bad_rate is None:
        return
    bad = ", ".join(map(str, column.bad_values)) or f"≠ {', '.join(map(str, column.good_values))}"
    resolved = summary.n_bad + summary.n_good
    yield finding(
        "bad_rate",
        column=column.name,
        bad=bad,
        bad_rate=summary.bad_rate,
        n_bad=summary.n_bad,
        n=resolved,
    )
    if summary.bad_rate > SUSPECT_RATE:
        yield finding(
            "direction_suspect",
            column=column.name,
            bad=bad,
            bad_rate=summary.bad_rate,
            other_rate=1 - summary.bad_rate,
        )
    if summary.n_unresolved > MANY_UNRESOLVED * profile.n:
        share = summary.n_unresolved / profile.n
        yield finding("unresolved_target", column=column.name, n=summary.n_unresolved, share=share)


def _filter(summary: TargetSummary, rows: int) -> Iterator[Finding]:
    removed = rows - summary.complete_rows
    if summary.bad_rate is None or removed <= FILTER_SHARE * rows:
        return
    bads = summary.n_bad - summary.complete_bads
    yield finding(
        "complete_case_filter",
        rows=removed,
        row_share=removed / rows,
        bads=bads,
        bad_share=bads / summary.n_bad if summary.n_bad else 0.0,
        bad_rate=summary.bad_rate,
        complete_rate=summary.complete_bad_rate if summary.complete_bad_rate is not None else 0.0,
    )


def policy_groups(facts: RowFacts, bad: Floats | None) -> Iterator[Finding]:
    """Rows that hold the same code in all columns which know it, three at least."""
    for code, counts in facts.coded.items():
        columns = facts.coded_columns[code]
        if columns < GROUP_COLUMNS:
            continue
        group = counts == columns
        n = int(group.sum())
        if n < max(2, GROUP_SHARE * len(group)):
            continue
        rate, rate_text = None, ""
        if bad is not None and np.isfinite(bad[group]).any():
            rate = float(np.nanmean(bad[group]))
            rate_text = f" ({rate:.2%})"
        yield finding(
            "policy_group", n=n, code=f"{code:g}", columns=columns, rate=rate_text, bad_rate=rate
        )
