"""What one column should make a person stop at."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from datasets.choices import ColumnType, Privacy, Role
from datasets.contracts import ColumnContract, ColumnProfile, Finding
from datasets.engine.dialects import looks_numeric
from datasets.engine.findings import finding
from datasets.engine.relations import MissingContrast
from datasets.engine.special_codes import propose_codes

MOSTLY = 0.5
UNIQUE_SHARE = 0.9
UNIQUE_ROWS = 50
NUMERIC_SHARE = 0.8
LEAK_AUC = 0.85
CONTRAST_Z = 4.0
CONTRAST_RATIO = 1.25
FRACTION_TOP = 1.5
RARE_ZERO = 0.02
EXTREME = 50.0
ENOUGH = 30

Floats = NDArray[np.float64]


def shape_findings(profile: ColumnProfile, column: ColumnContract) -> Iterator[Finding]:
    """Missing, constant and nearly unique columns."""
    name = column.name
    if profile.n and profile.missing > MOSTLY * profile.n:
        yield finding("mostly_missing", column=name, share=profile.missing / profile.n)
    present = profile.n - profile.missing
    coded = sum(profile.special.values())
    if profile.n > 1 and profile.distinct == 1 and present and not coded:
        value = profile.top[0].value if profile.top else "…"
        yield finding("constant_column", column=name, value=value)
    is_text = column.type in (ColumnType.TEXT, ColumnType.CATEGORY)
    usable = column.role in (Role.FEATURE, Role.PROTECTED, Role.TARGET)
    shown = is_text and usable and column.privacy is not Privacy.IDENTITY
    if shown and present >= UNIQUE_ROWS and profile.distinct > UNIQUE_SHARE * present:
        proposal = {"role": "id"}
        yield finding(
            "near_unique_text", column=name, distinct=profile.distinct, n=present, proposal=proposal
        )


def words_finding(column: ColumnContract, counts: dict[str, int]) -> Finding | None:
    """A text column that is numeric but for some words: binned as categories it would mislead."""
    total = sum(counts.values())
    numeric = sum(count for value, count in counts.items() if looks_numeric(value))
    words = [value for value in counts if not looks_numeric(value)]
    distinct_numbers = len(counts) - len(words)
    if not words or distinct_numbers < 10 or numeric < NUMERIC_SHARE * total:
        return None
    words.sort(key=lambda value: -counts[value])
    return finding(
        "words_in_numbers",
        column=column.name,
        share=numeric / total,
        n=total - numeric,
        words=", ".join(words[:5]),
        proposal={"type": "decimal", "words": words[:12]},
    )


def coded_words(profile: ColumnProfile, column: ColumnContract) -> Iterator[Finding]:
    """Words that the contract turned into special codes: how many there were."""
    words = {word: profile.special.get(str(code), 0) for word, code in column.text_codes.items()}
    n, present = sum(words.values()), profile.n - profile.missing
    if n:
        found = ", ".join(word for word, count in words.items() if count)
        yield finding(
            "words_in_numbers", column=column.name, share=1 - n / present, n=n, words=found
        )


def number_findings(plain: Floats, column: ColumnContract) -> Iterator[Finding]:
    """Undeclared codes, zeros that are no measurement, two units in one column, extremes."""
    values = plain[np.isfinite(plain)]
    if len(values) < ENOUGH or column.role is Role.TARGET:
        return
    found = propose_codes(values)
    if found.codes:
        names = {str(code): "" for code in found.codes}
        yield finding(
            "special_codes",
            column=column.name,
            codes=", ".join(names),
            n=found.rows,
            proposal={"special_codes": names},
        )
    yield from _zeros(values, column)
    yield from _units(values, column)


def _zeros(values: Floats, column: ColumnContract) -> Iterator[Finding]:
    zeros = int((values == 0).sum())
    if not zeros or zeros > RARE_ZERO * len(values) or values.min() < 0:
        return
    positive = values[values > 0]
    following = float(positive.min())
    if following >= 10 and following >= 0.1 * float(np.median(positive)):
        yield finding("implausible_zero", column=column.name, n=zeros, next=following)


def _units(values: Floats, column: ColumnContract) -> Iterator[Finding]:
    maximum = float(values.max())
    p99 = float(np.quantile(values, 0.99, method="inverted_cdf"))
    small = (values >= 0) & (values <= FRACTION_TOP)
    share = float(small.mean())
    broken = values[small] != np.floor(values[small])
    larger = len(values) - int(small.sum())
    fractional = bool(len(broken)) and float(broken.mean()) > 0.3
    if values.min() >= 0 and 0.5 <= share < 1 and fractional and maximum > 10:
        yield finding("mixed_units", column=column.name, share=share, n=larger, maximum=maximum)
    elif p99 > 0 and maximum / EXTREME > p99:
        yield finding("extreme_values", column=column.name, maximum=maximum, p99=p99)


def relation_findings(
    column: ColumnContract, auc: float | None, contrast: MissingContrast | None
) -> Iterator[Finding]:
    """Leaks, and missing values that carry information."""
    if column.role is Role.KNOWN_AFTER_DECISION:
        shown = "-" if auc is None else f"{auc:.3f}"
        yield finding("known_after_decision", column=column.name, auc=shown)
    elif auc is not None and auc > LEAK_AUC:
        yield finding(
            "leak_suspected",
            column=column.name,
            auc=auc,
            proposal={"role": "known_after_decision"},
        )
    if contrast is None or abs(contrast.z) < CONTRAST_Z:
        return
    rates = sorted((contrast.missing_rate, contrast.present_rate))
    if rates[1] > CONTRAST_RATIO * rates[0]:
        yield finding(
            "informative_missing",
            column=column.name,
            missing_rate=contrast.missing_rate,
            present_rate=contrast.present_rate,
            n=contrast.missing_rows,
        )
