"""Counting the values of a text column batch by batch, in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

MOST_VALUES = 100_000


@dataclass(slots=True)
class TextCounts:
    """Counts by value (the commonest ones when they are too many), and a hash for each row.

    `hashes` is 0 where the value is missing.
    """

    counts: dict[str, int] = field(default_factory=dict)
    hashes: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, dtype=np.uint64))
    missing: int = 0
    exact: bool = True

    @property
    def distinct(self) -> int:
        """Different values; hashes of 64 bits tell them apart."""
        return len(np.unique(self.hashes[self.hashes != 0]))


def count_texts(file: pq.ParquetFile, name: str) -> TextCounts:
    """Read one column of a stored dataset."""
    found = TextCounts()
    parts: list[NDArray[np.uint64]] = []
    for batch in file.iter_batches(columns=[name]):
        series = _series(batch.column(0))
        found.missing += series.null_count()
        hashes = series.hash(seed=3).to_numpy().copy()
        hashes[hashes == 0] = 1
        hashes[series.is_null().to_numpy()] = 0
        parts.append(hashes)
        if series.dtype == pl.String:
            _merge(found, series)
    if parts:
        found.hashes = np.concatenate(parts)
    return found


def _series(column: pa.Array) -> pl.Series:
    series = pl.from_arrow(column)
    assert isinstance(series, pl.Series)
    return series


def _merge(found: TextCounts, series: pl.Series) -> None:
    for value, count in series.drop_nulls().rename("v").value_counts().iter_rows():
        found.counts[value] = found.counts.get(value, 0) + count
    if len(found.counts) > 2 * MOST_VALUES:
        kept = sorted(found.counts.items(), key=lambda item: -item[1])[:MOST_VALUES]
        found.counts = dict(kept)
        found.exact = False
