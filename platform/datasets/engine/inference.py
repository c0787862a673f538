"""A first contract for an unknown file, proposed from a sample, for a person to edit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import polars as pl

from datasets.choices import ColumnType, Compression, FileKind
from datasets.contracts import (
    ColumnContract,
    DataContract,
    Finding,
    Inspection,
    SourceFormat,
)
from datasets.engine.chunk_sources import open_chunks
from datasets.engine.column_inference import find_notation, infer_column
from datasets.engine.findings import finding
from datasets.engine.limits import DEFAULT_LIMITS, Limits
from datasets.engine.sniffing import sniff
from datasets.engine.sources import Source, opened
from datasets.engine.target_inference import propose_target

SURE_ENCODING = 0.8
NULL_WORDS = (
    "",
    "NA",
    "N/A",
    "#N/A",
    "NaN",
    "nan",
    "NAN",
    "NULL",
    "null",
    "Null",
    "None",
    "none",
    "nil",
    "\\N",
    "?",
    ".",
    "-",
    "--",
    "n/a",
    "<NA>",
    "(null)",
    "#DIV/0!",
    "#VALUE!",
    "无",
    "空",
    "缺失",
)
"""Words for "missing" in columns that are not text."""


def infer_contract(
    source: Source,
    *,
    name: str = "dataset",
    source_format: SourceFormat | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> DataContract:
    """The contract of `inspect`, without what was noticed on the way."""
    return inspect(source, name=name, source_format=source_format, limits=limits).contract


def inspect(
    source: Source,
    *,
    name: str = "dataset",
    source_format: SourceFormat | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Inspection:
    """Sniff a file, sample it over its whole length and propose a contract.

    Raises what `sniff` raises.
    """
    found = source_format or sniff(source, limits=limits)
    sample = _sample(source, found, limits)
    notation = find_notation(sample.columns, NULL_WORDS)
    findings: list[Finding] = []
    if found.encoding_confidence < SURE_ENCODING:
        findings.append(finding("encoding_unsure", encoding=found.encoding))
    columns: list[ColumnContract] = []
    for label, series in zip(sample.names, sample.columns, strict=True):
        column, noticed = infer_column(label, series, notation, NULL_WORDS)
        columns.append(column)
        findings.extend(noticed)
    proposed, target_findings = propose_target(columns, sample.columns)
    findings.extend(target_findings)
    contract = DataContract(
        name=name,
        columns=tuple(proposed),
        kind=found.kind,
        encoding=found.encoding,
        delimiter=found.delimiter or ",",
        header_row=found.header_row,
        trailing_delimiter=found.trailing_delimiter,
        sheet=found.sheet,
        decimal=notation.decimal,
        thousands=notation.thousands,
        parentheses_negative=notation.parentheses,
        null_tokens=NULL_WORDS,
    )
    return Inspection(
        format=found, contract=contract, findings=tuple(findings), sample_rows=sample.rows
    )


@dataclass(frozen=True, slots=True)
class _Sample:
    names: tuple[str, ...]
    columns: list[pl.Series]
    rows: int


def _sample(source: Source, found: SourceFormat, limits: Limits) -> _Sample:
    """Rows of the sample, columns in file order."""
    blank = DataContract(name="sample", columns=())
    with opened(source, limits) as handle:
        small = replace(limits, block_bytes=min(limits.block_bytes, 2 << 20))
        rows = open_chunks(handle, found, blank, small)
        parts: list[list[pl.Series]] = []
        count = 0
        for columns in _spread(rows.chunks, found, limits):
            parts.append(columns)
            count += len(columns[0]) if columns else 0
        return _Sample(rows.names, _joined(parts, len(rows.names)), count)


def _spread(
    chunks: Iterator[object], found: SourceFormat, limits: Limits
) -> Iterator[list[pl.Series]]:
    """Columns of chunks up to the sample size; of a long text file only what its head gives."""
    left = limits.sample_rows
    for chunk in chunks:
        columns: list[pl.Series] = chunk.columns  # type: ignore[attr-defined]
        if columns and len(columns[0]):
            yield [column.head(left) for column in columns]
            left -= len(columns[0])
        if left <= 0:
            return


def _joined(parts: list[list[pl.Series]], width: int) -> list[pl.Series]:
    if not parts:
        return [pl.Series(values=[], dtype=pl.String) for _ in range(width)]
    return [pl.concat([part[i] for part in parts], rechunk=True) for i in range(width)]


def is_plain_text(found: SourceFormat) -> bool:
    """Whether slices of the file can be read without reading what is before them."""
    return found.kind is FileKind.TEXT and found.compression is Compression.NONE


def feature_types() -> frozenset[ColumnType]:
    """Types that a model can use."""
    return frozenset(
        {ColumnType.INTEGER, ColumnType.DECIMAL, ColumnType.CATEGORY, ColumnType.BOOLEAN}
    )
