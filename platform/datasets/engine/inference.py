"""A first contract for an unknown file, proposed from a sample, for a person to edit."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import BinaryIO

import polars as pl

from datasets.choices import Compression, FileKind
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
from datasets.engine.role_inference import propose_roles
from datasets.engine.sniffing import sniff
from datasets.engine.sources import Source, opened, size_of
from datasets.engine.target_inference import propose_target
from datasets.engine.text_chunks import TextPlan, blocks_of, chunk_of

SURE_ENCODING = 0.8
SAMPLE_BLOCK = 2 << 20
HEAD_BYTES = 16 << 20
SLICES = 32
SLICE_BYTES = 128 << 10
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
    for propose in (propose_target, propose_roles):
        columns, noticed = propose(columns, sample.columns)
        findings.extend(noticed)
    contract = DataContract(
        name=name,
        columns=tuple(columns),
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
    """The first rows and, of a longer plain text, some from all over it; in file order."""
    blank = DataContract(name="sample", columns=())
    with opened(source, limits) as handle:
        small = replace(limits, block_bytes=min(limits.block_bytes, SAMPLE_BLOCK))
        rows = open_chunks(handle, found, blank, small)
        parts: list[list[pl.Series]] = []
        left = limits.sample_rows
        done = 0
        for chunk in rows.chunks:
            if chunk.columns and len(chunk.rows):
                parts.append([column.head(left) for column in chunk.columns])
                left -= len(chunk.rows)
            done = chunk.done
            if left <= 0 or done >= HEAD_BYTES:
                break
        if done < rows.size and _can_slice(found):
            parts += slices(handle, found, small, names=len(rows.names), start=done)
        columns = _joined(parts, len(rows.names))
        return _Sample(rows.names, columns, len(columns[0]) if columns else 0)


def _can_slice(found: SourceFormat) -> bool:
    """Whether pieces can be read without what is before them: a byte 10 is always a line end."""
    plain = found.kind is FileKind.TEXT and found.compression is Compression.NONE
    return plain and not found.encoding.startswith(("utf-16", "utf-32"))


def slices(
    handle: BinaryIO, found: SourceFormat, limits: Limits, *, names: int, start: int
) -> list[list[pl.Series]]:
    """Columns of pieces spread evenly over the rest of a text file.

    Each piece begins after a line end, which may stand inside a quoted value: records that do not
    have the right number of fields are left out.
    """
    size = size_of(handle)
    step = (size - start) // SLICES
    width = names + found.trailing_delimiter
    plan = TextPlan(width=width, delimiter=found.delimiter, decimal=".", null_tokens=("",))
    parts: list[list[pl.Series]] = []
    for index in range(SLICES):
        handle.seek(start + index * step)
        piece = handle.read(min(SLICE_BYTES, step))
        body = piece[piece.find(b"\n") + 1 : piece.rfind(b"\n") + 1]
        blocks = blocks_of(io.BytesIO(body), found, limits)
        for block in blocks:
            chunk = chunk_of(block, plan, skip=0, names=names, done=0)
            parts.append(chunk.columns)
    return [part for part in parts if len(part[0])]


def _joined(parts: list[list[pl.Series]], width: int) -> list[pl.Series]:
    if not parts:
        return [pl.Series(values=[], dtype=pl.String) for _ in range(width)]
    return [pl.concat([part[i] for part in parts], rechunk=True) for i in range(width)]
