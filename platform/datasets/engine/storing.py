"""Writing good rows as Parquet, in row groups bounded by rows and by bytes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from datasets.choices import TEXT_TYPES, Privacy, Role
from datasets.contracts import ColumnContract, DataContract
from datasets.engine.casting import ARROW_TYPES, stored_type
from datasets.engine.dialects import BLIND_SUFFIX, ROW_COLUMN
from datasets.engine.limits import Limits

Encrypt = Callable[[str, list[str | None]], tuple[list[bytes | None], list[bytes | None]]]


def stored_columns(contract: DataContract) -> tuple[ColumnContract, ...]:
    """The columns that are written: all but the prohibited ones."""
    return tuple(column for column in contract.columns if column.role is not Role.PROHIBITED)


def stored_schema(contract: DataContract) -> pa.Schema:
    """Source row number first, then the columns; identity as ciphertext and blind index."""
    fields = [pa.field(ROW_COLUMN, pa.int64(), nullable=False)]
    for column in stored_columns(contract):
        if column.privacy is Privacy.IDENTITY:
            fields.append(pa.field(column.name, pa.binary()))
            fields.append(pa.field(column.name + BLIND_SUFFIX, pa.binary()))
        else:
            fields.append(pa.field(column.name, ARROW_TYPES[stored_type(column)]))
    return pa.schema(fields)


class GoodRows:
    """Collects tables of good rows and writes them when a row group is full.

    Encoding and compression run in one thread beside the caller's, which alone touches the target
    until `close` returns.
    """

    def __init__(self, target: BinaryIO, contract: DataContract, limits: Limits) -> None:
        self.schema = stored_schema(contract)
        texts = [
            column.name
            for column in stored_columns(contract)
            if stored_type(column) in TEXT_TYPES and column.privacy is not Privacy.IDENTITY
        ]
        self._limits = limits
        self._writer = pq.ParquetWriter(
            target, self.schema, compression="zstd", compression_level=1, use_dictionary=texts
        )
        self._waiting: list[pa.Table] = []
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="intake-write")
        self._writing: Future[None] | None = None
        self._rows = 0
        self._bytes = 0
        self.rows = 0

    def add(self, table: pa.Table) -> None:
        """Take a table of the stored schema."""
        self.rows += table.num_rows
        self._waiting.append(table)
        self._rows += table.num_rows
        self._bytes += table.nbytes
        limits = self._limits
        if self._rows >= limits.row_group_rows or self._bytes >= limits.row_group_bytes:
            self._flush()

    def _flush(self) -> None:
        """Hand over what waits, once the row group before it is written."""
        self._settle()
        if self._rows:
            table = pa.concat_tables(self._waiting)
            self._writing = self._pool.submit(
                self._writer.write_table, table, row_group_size=self._limits.row_group_rows
            )
        self._waiting = []
        self._rows = self._bytes = 0

    def _settle(self) -> None:
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.result()

    def close(self) -> None:
        """Write what waits and the footer; the target belongs to the caller again."""
        try:
            self._flush()
            self._settle()
            self._writer.close()
        finally:
            self._pool.shutdown(wait=True)
