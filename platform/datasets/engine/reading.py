"""Reading a stored dataset: whole columns for training, batches for scoring."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from datasets.contracts import DataContract
from datasets.engine.dialects import ROW_COLUMN
from datasets.engine.errors import ColumnsMissing, DamagedFile

Stored = str | Path | BinaryIO
Values = NDArray[np.float64] | NDArray[np.int64] | NDArray[np.object_] | NDArray[np.datetime64]


def open_stored(source: Stored) -> pq.ParquetFile:
    """A stored dataset. Raises DamagedFile."""
    try:
        if not isinstance(source, (str, Path)):
            source.seek(0)
        return pq.ParquetFile(source)
    except (pa.ArrowException, OSError) as error:
        raise DamagedFile(f"The stored dataset does not open: {error}.") from error


def read_columns(source: Stored, columns: list[str], contract: DataContract) -> dict[str, Values]:
    """Whole columns as arrays of length n.

    Integer, decimal and boolean columns are float64 with NaN where missing, special codes kept as
    numbers; text and category columns are object arrays with None; dates and moments are
    datetime64[D] and datetime64[us] with NaT; identity columns are ciphertext bytes or None;
    `_row` is int64. Raises ColumnsMissing, DamagedFile.
    """
    file = open_stored(source)
    _require(file, columns)
    parts: dict[str, list[Values]] = {name: [] for name in columns}
    for batch in file.iter_batches(columns=list(dict.fromkeys(columns))):
        for name in columns:
            parts[name].append(as_array(batch.column(name), name))
    found: dict[str, Values] = {}
    for name, arrays in parts.items():
        joined: Any = np.concatenate(arrays) if arrays else _nothing(file, name)
        found[name] = joined
    return found


def iter_batches(
    source: Stored, columns: list[str], batch_rows: int, *, first_row: int = 0
) -> Iterator[dict[str, Values]]:
    """The same arrays in pieces of at most `batch_rows` rows, in stored order.

    `first_row` (from 0) lets an interrupted reader go on where it stopped.
    """
    file = open_stored(source)
    _require(file, columns)
    skip = first_row
    for batch in file.iter_batches(batch_size=batch_rows, columns=list(dict.fromkeys(columns))):
        if skip >= batch.num_rows:
            skip -= batch.num_rows
            continue
        rest = batch.slice(skip)
        skip = 0
        yield {name: as_array(rest.column(name), name) for name in columns}


def row_count(source: Stored) -> int:
    """Rows of a stored dataset, from its footer."""
    return int(open_stored(source).metadata.num_rows)


def _require(file: pq.ParquetFile, columns: list[str]) -> None:
    absent = [name for name in columns if name not in file.schema_arrow.names]
    if absent:
        raise ColumnsMissing(f"The dataset has no column {', '.join(absent)}.", columns=absent)


def _nothing(file: pq.ParquetFile, name: str) -> Values:
    return as_array(pa.array([], file.schema_arrow.field(name).type), name)


def as_array(column: pa.Array, name: str) -> Values:
    """One Arrow column under the rules of `read_columns`."""
    kind = column.type
    if name == ROW_COLUMN:
        return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.int64)
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
        series = pl.from_arrow(column)
        assert isinstance(series, pl.Series)
        floats = series.cast(pl.Float64).fill_null(float("nan")).to_numpy()
        return np.array(floats, dtype=np.float64)
    if pa.types.is_date(kind):
        return np.asarray(column.to_numpy(zero_copy_only=False)).astype("datetime64[D]")
    if pa.types.is_timestamp(kind):
        naive = column.cast(pa.timestamp("us"))
        return np.asarray(naive.to_numpy(zero_copy_only=False)).astype("datetime64[us]")
    values = np.empty(len(column), dtype=object)
    values[:] = column.to_pylist()
    return values
