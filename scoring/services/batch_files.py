"""A chunk's answers as a table, and a run's chunks as one Parquet or CSV file."""

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from charts.spreadsheets import harmless
from core import storage
from scoring.runtime.answer import REASON_LIMIT
from scoring.runtime.columns import ColumnAnswers


def table_of(
    answers: ColumnAnswers, keys: Mapping[str, NDArray[np.generic]], first_row: int
) -> pa.Table:
    """One row a case: `row` counts the load's good rows from 1, money is in minor units, rates are decimal texts."""
    rulings = answers.rulings
    offers = [ruling.offer for ruling in rulings]
    per_ruling: dict[str, pa.Array] = {
        "grade": pa.array([r.grade for r in rulings], pa.string()),
        "outcome": pa.array([r.outcome for r in rulings], pa.string()),
        "limit_minor": pa.array([o and o.limit_minor for o in offers], pa.int64()),
        "term_months": pa.array([o and o.term_months for o in offers], pa.int32()),
        "nominal_rate": pa.array([o and str(o.nominal_rate) for o in offers], pa.string()),
        "apr": pa.array([o and str(o.all_in_apr) for o in offers], pa.string()),
        "instalment_minor": pa.array([o and o.instalment_minor for o in offers], pa.int64()),
        "currency": pa.array([o and o.currency for o in offers], pa.string()),
        "process": pa.array([",".join(r.process_codes) for r in rulings], pa.string()),
    }
    ruling = pa.array(answers.ruling)
    columns: dict[str, pa.Array] = {
        "row": pa.array(np.arange(first_row, first_row + len(answers.score), dtype=np.int64)),
        **{f"key_{name}": pa.array(column) for name, column in keys.items()},
        "score": pa.array(answers.score),
        "pd": pa.array(answers.pd),
        **{name: values.take(ruling) for name, values in per_ruling.items()},
        **_reason_columns(answers),
    }
    return pa.table(columns)


def _reason_columns(answers: ColumnAnswers) -> dict[str, pa.Array]:
    places = pa.array(answers.reasons)
    out = {}
    for rank in range(REASON_LIMIT):
        codes = [c[rank] if rank < len(c) else None for c in answers.reason_codes]
        out[f"reason_{rank + 1}"] = pa.array(codes, pa.string()).take(places)
    return out


def write_chunk(path: str, table: pa.Table) -> tuple[str, int]:
    """(sha256, size) of the Parquet file, which is encrypted on its way."""
    with storage.open_writer(path, overwrite=True) as writer:
        pq.write_table(table, writer, compression="zstd", compression_level=1)
    return writer.sha256, writer.size


class _Pipe(io.RawIOBase):
    """A sink that hands over what was written since it was last asked."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        self._size += len(part)
        return len(part)

    def tell(self) -> int:
        return self._size

    def take(self) -> bytes:
        out = b"".join(self._parts)
        self._parts.clear()
        return out


def _tables(paths: Sequence[str]) -> Iterator[pa.Table]:
    for path in paths:
        with storage.open_reader(path) as reader:
            yield pq.read_table(reader)


def parquet_stream(paths: Sequence[str]) -> Iterator[bytes]:
    """All chunks as one Parquet file, a chunk in memory at a time."""
    pipe, writer = _Pipe(), None
    for table in _tables(paths):
        if writer is None:
            writer = pq.ParquetWriter(pipe, table.schema, compression="zstd")
        writer.write_table(table)
        yield pipe.take()
    if writer is not None:
        writer.close()
        yield pipe.take()


def csv_stream(paths: Sequence[str]) -> Iterator[bytes]:
    """All chunks as one CSV file (UTF-8, RFC 4180); no text of it starts a formula in a spreadsheet."""
    for place, table in enumerate(_tables(paths)):
        sink = io.BytesIO()
        pa_csv.write_csv(_harmless(table), sink, pa_csv.WriteOptions(include_header=place == 0))
        yield sink.getvalue()


def _harmless(table: pa.Table) -> pa.Table:
    """Texts are the bank's own words, so none may start what a spreadsheet would run."""
    for place, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            texts = [text and harmless(text) for text in table.column(place).to_pylist()]
            table = table.set_column(place, field.name, pa.array(texts, pa.string()))
    return table
