"""Parquet files as chunks: flat columns only, typed columns kept typed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from datasets.engine.chunks import Chunk, RawRow
from datasets.engine.errors import DamagedFile, FileTooLarge, UnsupportedFormat
from datasets.engine.limits import Limits

ROWS_AT_ONCE = 65_536
CELLS_AT_ONCE = 2_000_000


def open_parquet(handle: BinaryIO, limits: Limits) -> pq.ParquetFile:
    """Open and refuse what would not fit: nested columns, giant row groups.

    Raises DamagedFile, UnsupportedFormat, FileTooLarge.
    """
    handle.seek(0)
    try:
        file = pq.ParquetFile(handle)
    except (pa.ArrowException, OSError) as error:
        raise DamagedFile(f"The Parquet file does not open: {error}.") from error
    for entry in file.schema_arrow:
        if pa.types.is_nested(entry.type):
            raise UnsupportedFormat(f"Column {entry.name!r} is nested; only flat columns are read.")
    for index in range(file.metadata.num_row_groups):
        size = file.metadata.row_group(index).total_byte_size
        if size > limits.parquet_group_bytes:
            raise FileTooLarge(f"Row group {index} takes {size:,} bytes.", size=size)
    return file


def parquet_chunks(file: pq.ParquetFile, *, size: int) -> Iterator[Chunk]:
    """All rows in file order, numbered from 1."""
    total = max(file.metadata.num_rows, 1)
    step = max(1, min(ROWS_AT_ONCE, CELLS_AT_ONCE // max(file.metadata.num_columns, 1)))
    row = 1
    try:
        for batch in file.iter_batches(batch_size=step):
            yield _chunk(batch, row, size * (row - 1 + batch.num_rows) // total)
            row += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        raise DamagedFile(f"The Parquet file breaks off at row {row:,}: {error}.") from error


def _chunk(batch: pa.RecordBatch, row: int, done: int) -> Chunk:
    columns = [_series(column) for column in batch.columns]

    def raw(index: int) -> RawRow:
        fields = ["" if (value := column[index]) is None else str(value) for column in columns]
        return RawRow(", ".join(fields), fields)

    return Chunk(
        columns=columns,
        rows=np.arange(row, row + batch.num_rows, dtype=np.int64),
        raw=raw,
        rejects=[],
        blank=0,
        done=done,
    )


def _series(column: pa.Array) -> pl.Series:
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        column = pa.array(
            [
                None if value is None else value.decode("utf-8", "replace")
                for value in column.to_pylist()
            ]
        )
    series = pl.from_arrow(column)
    assert isinstance(series, pl.Series)
    return series.cast(pl.String) if series.dtype == pl.Categorical else series
