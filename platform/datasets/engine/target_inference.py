"""Which column may be the target, and what either direction would mean."""

from __future__ import annotations

import re

import polars as pl

from datasets.choices import ColumnType, Role
from datasets.contracts import ColumnContract, Finding
from datasets.engine.findings import finding

NAMES = re.compile(
    r".*\b(target|bad|label|outcome|default(ed)?)\b.*|good ?bad|bad ?flag|is ?bad|creditability|y|class"
    r"|churn(ed)?|response|respond(ed)?|converted|.*serious ?dlq.*|.*dlq|.*dlq ?in ?\d+ ?yrs?|charged? ?off"
    r"|(loan )?status|.*逾期.*|.*违约.*|好坏|标签|目标",
    re.IGNORECASE,
)
"""Names of targets, underscores read as spaces."""
PAIRS = ({"good", "bad"}, {"fully paid", "charged off"}, {"paid", "default"}, {"好", "坏"})

BAD_WORDS = frozenset(
    {
        "bad",
        "default",
        "defaulted",
        "charged off",
        "yes",
        "y",
        "true",
        "1",
        "坏",
        "是",
        "违约",
        "逾期",
    }
)


def propose_target(
    columns: list[ColumnContract], sample: list[pl.Series]
) -> tuple[list[ColumnContract], list[Finding]]:
    """Give the target role to the last column of two values that is named or worded like one.

    The direction is left open on purpose: 1 may mean good. The finding shows both rates.
    """
    for index in range(len(columns) - 1, -1, -1):
        column = columns[index]
        named = NAMES.fullmatch(column.name.strip().replace("_", " ")) is not None
        values = sample[index].cast(pl.String).str.strip_chars().drop_nulls()
        values = values.filter(values != "")
        counts = {str(v): int(c) for v, c in values.value_counts().iter_rows()}
        if len(counts) != 2 or not (named or {value.lower() for value in counts} in PAIRS):
            continue
        proposed = list(columns)
        proposed[index] = _as_target(column)
        return proposed, [_both_ways(column.name, counts)]
    return columns, []


def _as_target(column: ColumnContract) -> ColumnContract:
    kind = ColumnType.CATEGORY if column.type is ColumnType.TEXT else column.type
    fields = {name: getattr(column, name) for name in column.__struct_fields__}
    return ColumnContract(**{**fields, "role": Role.TARGET, "type": kind, "special_codes": {}})


def _both_ways(name: str, counts: dict[str, int]) -> Finding:
    total = sum(counts.values())
    rarer = min(counts, key=lambda value: counts[value])
    worded = [value for value in counts if value.lower() in BAD_WORDS]
    bad = worded[0] if len(worded) == 1 else rarer
    return finding(
        "target_proposed",
        column=name,
        values=", ".join(f"{value}: {count:,}" for value, count in sorted(counts.items())),
        bad=bad,
        bad_rate=counts[bad] / total,
        other_rate=1 - counts[bad] / total,
        proposal={"role": "target", "bad_values": [bad]},
    )
