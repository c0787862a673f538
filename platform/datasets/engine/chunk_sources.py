"""One door to the rows of any file: names and chunks, whatever the format."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO

import pyarrow as pa

from datasets.choices import Compression, FileKind
from datasets.contracts import DataContract, SourceFormat
from datasets.engine.archives import ZIP_MAGIC, check_workbook
from datasets.engine.casting import fast_type
from datasets.engine.chunks import Chunk
from datasets.engine.dialects import clean_names
from datasets.engine.errors import EmptyFile, TooManyColumns, UnsupportedFormat
from datasets.engine.limits import Limits
from datasets.engine.parquet_chunks import open_parquet, parquet_chunks
from datasets.engine.sheets import open_sheet, sheet_chunks
from datasets.engine.sources import GzipReader, is_gzip, size_of
from datasets.engine.text_chunks import TextPlan, blocks_of, chunk_of, header_of

PARQUET_MAGIC = b"PAR1"


@dataclass(frozen=True, slots=True)
class ChunkSource:
    """Column names in file order, and the chunks, to be read once."""

    names: tuple[str, ...]
    chunks: Iterator[Chunk]
    size: int


def format_of(contract: DataContract, handle: BinaryIO) -> SourceFormat:
    """The format a contract expects, with gzip noticed by content."""
    compressed = contract.kind is FileKind.TEXT and is_gzip(handle)
    return SourceFormat(
        kind=contract.kind,
        compression=Compression.GZIP if compressed else Compression.NONE,
        encoding=contract.encoding,
        delimiter=contract.delimiter,
        header_row=contract.header_row,
        trailing_delimiter=contract.trailing_delimiter,
        sheet=contract.sheet,
    )


def open_chunks(
    handle: BinaryIO, source: SourceFormat, contract: DataContract, limits: Limits
) -> ChunkSource:
    """Names and rows of an open file. Raises what `sniff` raises, BadHeader, SheetMissing."""
    size = size_of(handle)
    if size == 0:
        raise EmptyFile("The file is empty.")
    _check_kind(handle, source.kind)
    if source.kind is FileKind.XLSX:
        check_workbook(handle, limits)
        sheet = open_sheet(handle, source.sheet, source.header_row)
        chunks = sheet_chunks(
            sheet, header_row=source.header_row, decimal=contract.decimal, size=size
        )
        return ChunkSource(_within(sheet.names, limits), chunks, size)
    if source.kind is FileKind.PARQUET:
        file = open_parquet(handle, limits)
        names = clean_names(list(file.schema_arrow.names))
        return ChunkSource(_within(names, limits), parquet_chunks(file, size=size), size)
    return _open_text(handle, source, contract, limits, size)


def _check_kind(handle: BinaryIO, kind: FileKind) -> None:
    head = handle.read(4)
    handle.seek(0)
    found = {ZIP_MAGIC: FileKind.XLSX, PARQUET_MAGIC: FileKind.PARQUET}.get(head, FileKind.TEXT)
    if found is not kind:
        raise UnsupportedFormat(f"The file is {found}; {kind} was expected.")


def _within(names: tuple[str, ...], limits: Limits) -> tuple[str, ...]:
    if len(names) > limits.max_columns:
        raise TooManyColumns(f"The file has {len(names):,} columns.")
    return names


def _open_text(
    handle: BinaryIO, source: SourceFormat, contract: DataContract, limits: Limits, size: int
) -> ChunkSource:
    stream = GzipReader(handle, limits) if source.compression is Compression.GZIP else handle
    blocks = blocks_of(stream, source, limits)
    first = next(blocks, None)
    if first is None:
        raise EmptyFile("The file holds no row.")
    names, width = header_of(first, source)
    plan = TextPlan(
        width=width,
        delimiter=source.delimiter,
        decimal=contract.decimal,
        null_tokens=tuple(dict.fromkeys(("", *contract.null_tokens))),
        fast_types=_fast_types(_within(names, limits), contract),
    )

    def chunks() -> Iterator[Chunk]:
        skip = source.header_row
        for block in chain([first], blocks):
            here = min(skip, block.count)
            skip -= here
            done = min(handle.tell(), size)
            yield chunk_of(block, plan, skip=here, names=len(names), done=done)

    return ChunkSource(names, chunks(), size)


def _fast_types(names: tuple[str, ...], contract: DataContract) -> dict[int, pa.DataType]:
    places = {name: index for index, name in enumerate(names)}
    types: dict[int, pa.DataType] = {}
    for column in contract.columns:
        wanted = fast_type(column, contract)
        if wanted is not None and column.name in places:
            types[places[column.name]] = wanted
    return types
