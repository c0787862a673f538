"""Delimited text as chunks: Arrow's reader for regular blocks, the careful one for the rest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv

from datasets.choices import Reason
from datasets.contracts import SourceFormat
from datasets.engine.blocks import NO_ENDS, Block, read_blocks
from datasets.engine.chunks import Chunk, RawRow, Reject
from datasets.engine.dialects import clean_names
from datasets.engine.encodings import Utf8Reader, mark_damage
from datasets.engine.errors import BadHeader
from datasets.engine.limits import Limits
from datasets.engine.records import Record, split_records

CONVERSION = re.compile(r"CSV column #(\d+)")
CR = 13
MESSAGES = {
    Reason.BAD_QUOTING: "Text follows a closing quote.",
    Reason.UNTERMINATED_QUOTE: "A quote is opened and never closed.",
    Reason.BAD_ENCODING: "Bytes that the file's encoding cannot read.",
    Reason.NUL_BYTE: "The row holds a NUL byte.",
    Reason.SHIFTED_ROW: "A value stands beyond the last column: the row is shifted.",
}


@dataclass(slots=True)
class TextPlan:
    """How to read the columns: by file position, the Arrow type to try at speed.

    A column that once failed to convert is read as text from then on, and cast with care.
    """

    width: int
    delimiter: str
    decimal: str
    null_tokens: tuple[str, ...]
    fast_types: dict[int, pa.DataType] = field(default_factory=dict)


def blocks_of(handle: object, source: SourceFormat, limits: Limits) -> Iterator[Block]:
    """The records of the text behind an open (and if need be inflating) handle."""
    reader = Utf8Reader(handle, source.encoding)  # type: ignore[arg-type]
    yield from read_blocks(reader, delimiter=source.delimiter, limits=limits)


def header_of(block: Block, source: SourceFormat) -> tuple[tuple[str, ...], int]:
    """Names of the columns and the width of a record, read from the first block.

    Raises BadHeader when the header row is not there.
    """
    index = max(source.header_row - 1, 0)
    if index >= block.count:
        raise BadHeader(f"The file has no record {source.header_row} to read names from.")
    record = _record(block, index, source.delimiter)
    if record.fields is None:
        raise BadHeader(f"The header in row {index + 1} cannot be read.")
    cells = record.fields
    if source.header_row == 0:
        width = len(cells)
        return clean_names([""] * (width - source.trailing_delimiter)), width
    if source.trailing_delimiter:
        cells = cells[:-1] if not cells[-1].strip() else cells
        return clean_names(cells), len(cells) + 1
    return clean_names(cells), len(cells)


def _record(block: Block, index: int, delimiter: str) -> Record:
    if block.records is not None:
        return block.records[index]
    text = block.record_text(index)
    longest = len(text) + 1
    found = split_records(text, delimiter=delimiter, longest=longest, final=True).records
    return found[0] if found else Record([""], "")


def chunk_of(block: Block, plan: TextPlan, *, skip: int, names: int, done: int) -> Chunk:
    """One block as a chunk. `skip` records at its start are not data; `names` columns are kept."""
    if block.records is None:
        fast = _fast_chunk(block, plan, skip=skip, names=names, done=done)
        if fast is not None:
            return fast
        text = mark_damage(block.data)
        parsed = split_records(text, delimiter=plan.delimiter, longest=len(text) + 1, final=True)
        block = Block(block.first_row, b"", NO_ENDS, parsed.records)
    return _careful_chunk(block, plan, skip=skip, names=names, done=done)


def _fast_chunk(block: Block, plan: TextPlan, *, skip: int, names: int, done: int) -> Chunk | None:
    """Through Arrow, or None when the block holds bytes that are not UTF-8."""
    start = 0 if skip == 0 else int(block.ends[skip - 1])
    if start >= len(block.data):
        return _empty_chunk(plan, names, done)
    ragged: list[int] = []
    table = _arrow_table(block.data[start:], plan, ragged)
    if table is None:
        return None
    indices = np.arange(skip, block.count, dtype=np.int64)
    bad = np.array([number - 1 for number in ragged], dtype=np.int64)
    kept = np.delete(indices, bad)
    blank = _blank_lines(block)[skip:]
    if len(kept) != table.num_rows:
        return None
    columns = [_series(table.column(i)) for i in range(plan.width)]
    rejects = [_ragged(block, int(indices[i]), plan) for i in bad if not blank[i]]
    blanks = int(blank.sum())
    if blanks:
        mask = ~blank[kept - skip]
        columns = [column.filter(pl.Series(mask)) for column in columns]
        kept = kept[mask]
    chunk = Chunk(
        columns=columns[:names],
        rows=block.first_row + kept,
        raw=lambda i: _raw(_record(block, int(kept[i]), plan.delimiter)),
        rejects=rejects,
        blank=blanks,
        done=done,
    )
    return _without_shifted(chunk, columns[names:])


def _series(column: pa.ChunkedArray) -> pl.Series:
    """A parsed column; the word "nan" is not a missing value here, so it becomes infinite too."""
    series = pl.from_arrow(column)
    assert isinstance(series, pl.Series)
    if series.dtype.is_float() and series.is_nan().any():
        return series.fill_nan(float("inf"))
    return series


def _arrow_table(data: bytes, plan: TextPlan, ragged: list[int]) -> pa.Table | None:
    """Parse whole records; a column that does not convert is demoted to text for good."""

    def refuse(row: csv.InvalidRow) -> str:
        ragged.append(row.number)
        return "skip"

    while True:
        ragged.clear()
        types = {f"{i}": plan.fast_types.get(i, pa.string()) for i in range(plan.width)}
        try:
            return csv.read_csv(
                pa.BufferReader(data),
                read_options=csv.ReadOptions(
                    use_threads=False,
                    block_size=len(data) + 1,
                    column_names=list(types),
                ),
                parse_options=csv.ParseOptions(
                    delimiter=plan.delimiter,
                    newlines_in_values=True,
                    ignore_empty_lines=False,
                    invalid_row_handler=refuse,
                ),
                convert_options=csv.ConvertOptions(
                    column_types=types,
                    null_values=list(plan.null_tokens),
                    strings_can_be_null=False,
                    decimal_point=plan.decimal,
                ),
            )
        except pa.ArrowInvalid as error:
            found = CONVERSION.search(str(error))
            if found is None or plan.fast_types.pop(int(found[1]), None) is None:
                return None


def _blank_lines(block: Block) -> NDArray[np.bool_]:
    """Which records of a regular block are lines without a character."""
    lengths = np.diff(block.ends, prepend=0)
    array = np.frombuffer(block.data, dtype=np.uint8)
    before = array[np.maximum(block.ends - 2, 0)]
    return np.asarray((lengths == 1) | ((lengths == 2) & (before == CR)))


def _ragged(block: Block, index: int, plan: TextPlan) -> Reject:
    record = _record(block, index, plan.delimiter)
    return ragged_reject(block.first_row + index, record, plan.width)


def ragged_reject(row: int, record: Record, width: int) -> Reject:
    """The refusal of a record with too few or too many fields."""
    found = len(record.fields or [])
    message = f"The row has {found:,} fields instead of {width:,}."
    return Reject(row, Reason.RAGGED_ROW, message, record.raw)


def _raw(record: Record) -> RawRow:
    return RawRow(record.raw, record.fields or [])


def _careful_chunk(block: Block, plan: TextPlan, *, skip: int, names: int, done: int) -> Chunk:
    assert block.records is not None
    rejects: list[Reject] = []
    good: list[Record] = []
    rows: list[int] = []
    blank = 0
    for index, record in enumerate(block.records[skip:], start=skip):
        row = block.first_row + index
        if record.is_blank:
            blank += 1
        elif record.reason is not None:
            rejects.append(Reject(row, record.reason, MESSAGES[record.reason], record.raw))
        elif record.fields is None or len(record.fields) != plan.width:
            rejects.append(ragged_reject(row, record, plan.width))
        else:
            good.append(record)
            rows.append(row)
    fields = [record.fields for record in good if record.fields is not None]
    columns = [
        pl.Series(values=[row[i] for row in fields], dtype=pl.String) for i in range(plan.width)
    ]
    chunk = Chunk(
        columns=columns[:names],
        rows=np.array(rows, dtype=np.int64),
        raw=lambda i: _raw(good[i]),
        rejects=rejects,
        blank=blank,
        done=done,
    )
    return _without_shifted(chunk, columns[names:])


def _without_shifted(chunk: Chunk, beyond: list[pl.Series]) -> Chunk:
    """Refuse rows with a value after the trailing delimiter, where nothing may stand."""
    if not beyond:
        return chunk
    filled = (beyond[0].cast(pl.String).fill_null("").str.strip_chars() != "").to_numpy()
    if not filled.any():
        return chunk
    rejects = list(chunk.rejects)
    for i in np.flatnonzero(filled):
        raw = chunk.raw(int(i)).text
        reason = Reason.SHIFTED_ROW
        rejects.append(Reject(int(chunk.rows[i]), reason, MESSAGES[reason], raw))
    kept = np.flatnonzero(~filled)
    return Chunk(
        columns=[column.filter(pl.Series(~filled)) for column in chunk.columns],
        rows=chunk.rows[kept],
        raw=lambda i: chunk.raw(int(kept[i])),
        rejects=rejects,
        blank=chunk.blank,
        done=chunk.done,
    )


def _empty_chunk(plan: TextPlan, names: int, done: int) -> Chunk:
    return Chunk(
        columns=[pl.Series(values=[], dtype=pl.String) for _ in range(names)],
        rows=np.empty(0, dtype=np.int64),
        raw=lambda i: RawRow("", []),
        rejects=[],
        blank=0,
        done=done,
    )
