"""From a file and a contract to Parquet and quarantine, streamed, with every row accounted for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from datasets.choices import Privacy, Reason, Role
from datasets.contracts import (
    BadContract,
    ColumnContract,
    DataContract,
    IntakeSummary,
    Issue,
    QuarantineEntry,
    SourceFormat,
)
from datasets.engine.casting import cast_column, stored_type
from datasets.engine.checking import faults
from datasets.engine.chunk_sources import ChunkSource, format_of, open_chunks
from datasets.engine.chunks import Chunk
from datasets.engine.contract_rules import validate_contract
from datasets.engine.dialects import ROW_COLUMN
from datasets.engine.errors import ColumnsMissing, TooManyRows
from datasets.engine.keys import SeenKeys, key_hashes
from datasets.engine.limits import DEFAULT_LIMITS, Limits
from datasets.engine.prefetching import prefetched
from datasets.engine.quarantine import (
    MASK,
    RECORD_LENGTH,
    QuarantineWriter,
    shown,
    whole_row_entry,
)
from datasets.engine.sources import Source, opened
from datasets.engine.storing import Encrypt, GoodRows, stored_columns

Progress = Callable[[int, int, int], None]
CAST_MESSAGES = {
    Reason.UNTYPABLE: "The value is not a valid {type}.",
    Reason.NOT_FINITE: "The value is not a finite number.",
}


def convert(
    source: Source,
    contract: DataContract,
    target: str | Path | BinaryIO,
    quarantine: str | Path | BinaryIO,
    *,
    progress: Progress | None = None,
    encrypt_identity: Encrypt | None = None,
    source_format: SourceFormat | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> IntakeSummary:
    """Write the good rows of a file to `target` and the refused ones to `quarantine`, as Parquet.

    `progress(bytes_done, bytes_total, rows_in)` is called after each chunk; what it raises ends
    the conversion. `encrypt_identity(column, values)` returns ciphertexts and blind indexes and
    is demanded when the contract has identity columns. `source_format` (from `sniff`) replaces
    the contract's own idea of the file. Memory stays bounded whatever the size.

    Raises IntakeError and its kinds when the whole file is refused.
    """
    validate_contract(contract)
    stored = stored_columns(contract)
    secret = any(column.privacy is Privacy.IDENTITY for column in stored)
    if secret and encrypt_identity is None:
        raise BadContract("The contract has identity columns and no encryption was given.")
    with ExitStack() as stack:
        handle = stack.enter_context(opened(source, limits))
        rows = open_chunks(handle, source_format or format_of(contract, handle), contract, limits)
        work = _Conversion(
            contract=contract,
            places=_places(contract, rows),
            good=GoodRows(_writable(target, stack), contract, limits),
            bad=QuarantineWriter(_writable(quarantine, stack)),
            encrypt=encrypt_identity,
        )
        try:
            for chunk in stack.enter_context(closing(prefetched(rows.chunks))):
                work.take(chunk)
                if work.rows_in > limits.max_rows:
                    raise TooManyRows(f"The file has more than {limits.max_rows:,} rows.")
                if progress is not None:
                    progress(chunk.done, rows.size, work.rows_in)
        finally:
            work.close()
        return _summary(work, rows)


def is_open(column: ColumnContract) -> bool:
    """Whether a value of this column may be shown in the clear in quarantine."""
    return column.privacy is Privacy.ATTRIBUTE and column.role is not Role.PROHIBITED


def _writable(target: str | Path | BinaryIO, stack: ExitStack) -> BinaryIO:
    if isinstance(target, (str, Path)):
        return stack.enter_context(open(target, "wb"))
    return target


def _places(contract: DataContract, rows: ChunkSource) -> dict[str, int]:
    """Where each contract column stands in the file. Raises ColumnsMissing."""
    places = {name: index for index, name in enumerate(rows.names)}
    absent = [column.name for column in contract.columns if column.name not in places]
    if absent:
        raise ColumnsMissing(
            f"The file lacks {len(absent)} column(s) of the contract: {', '.join(absent[:10])}.",
            columns=absent,
        )
    return {column.name: places[column.name] for column in contract.columns}


def _summary(work: _Conversion, rows: ChunkSource) -> IntakeSummary:
    wanted = set(work.places)
    return IntakeSummary(
        rows_in=work.rows_in,
        rows_good=work.good.rows,
        rows_quarantined=work.bad.rows,
        rows_blank=work.blank,
        reasons=dict(work.bad.reasons),
        column_issues=dict(work.bad.columns),
        extra_columns=tuple(name for name in rows.names if name not in wanted),
        withheld=tuple(column.name for column in work.contract.with_role(Role.PROHIBITED)),
        bytes_in=rows.size,
        first_entries=tuple(work.bad.first),
    )


@dataclass(slots=True)
class _Findings:
    """Faults of one chunk: which rows, and what was wrong with each."""

    bad: NDArray[np.bool_]
    by_row: dict[int, list[tuple[ColumnContract | None, Reason, str]]] = field(default_factory=dict)

    def add(
        self, mask: NDArray[np.bool_], column: ColumnContract | None, reason: Reason, message: str
    ) -> None:
        self.bad |= mask
        for index in np.flatnonzero(mask):
            self.by_row.setdefault(int(index), []).append((column, reason, message))


@dataclass(slots=True, kw_only=True)
class _Conversion:
    """The state of one run: what has been seen, and the two writers."""

    contract: DataContract
    places: dict[str, int]
    good: GoodRows
    bad: QuarantineWriter
    encrypt: Encrypt | None
    seen: SeenKeys = field(default_factory=SeenKeys)
    rows_in: int = 0
    blank: int = 0

    def take(self, chunk: Chunk) -> None:
        """Judge one chunk and write each of its rows to one side or the other."""
        self.blank += chunk.blank
        self.rows_in += len(chunk.rows) + len(chunk.rejects)
        found = _Findings(np.zeros(len(chunk.rows), dtype=bool))
        values: dict[str, pl.Series] = {}
        if len(chunk.rows):
            values = self._cast(chunk, found)
            self._check(values, found)
            self._refuse_repeats(values, found)
        for entry in self._entries(chunk, found):
            self.bad.add(entry)
        self._store(chunk, values, ~found.bad)

    def _entries(self, chunk: Chunk, found: _Findings) -> Iterator[QuarantineEntry]:
        """The refused rows of a chunk in file order, made one at a time.

        A record that never had columns is shown only where no column of the contract is secret.
        """
        mask = not all(is_open(column) for column in self.contract.columns)
        rejects = {reject.row: reject for reject in chunk.rejects}
        faulty = {int(chunk.rows[index]): index for index in found.by_row}
        for row in sorted([*rejects, *faulty]):
            if row in faulty:
                yield self._entry(chunk, faulty[row], found.by_row[faulty[row]])
            else:
                reject = rejects[row]
                yield whole_row_entry(row, reject.reason, reject.message, reject.raw, mask=mask)

    def _cast(self, chunk: Chunk, found: _Findings) -> dict[str, pl.Series]:
        values: dict[str, pl.Series] = {}
        empty = np.ones(len(chunk.rows), dtype=bool)
        for column in self.contract.columns:
            cast = cast_column(chunk.columns[self.places[column.name]], column, self.contract)
            values[column.name] = cast.values
            present = cast.values.is_not_null().to_numpy()
            empty &= ~present
            for reason, failed in cast.failures:
                message = CAST_MESSAGES[reason].format(type=stored_type(column))
                mask = failed.to_numpy()
                empty &= ~mask
                found.add(mask, column, reason, message)
        if empty.any():
            found.add(empty, None, Reason.EMPTY_ROW, "Every field of the row is empty.")
        return values

    def _check(self, values: dict[str, pl.Series], found: _Findings) -> None:
        for column in self.contract.columns:
            for fault in faults(values[column.name], column):
                mask = fault.mask.to_numpy()
                if fault.reason is Reason.MISSING_REQUIRED:
                    mask = mask & ~self._failed(found, column)
                found.add(mask, column, fault.reason, fault.message)

    @staticmethod
    def _failed(found: _Findings, column: ColumnContract) -> NDArray[np.bool_]:
        """Rows where this column did not cast, or where nothing stands at all."""
        mask = np.zeros(len(found.bad), dtype=bool)
        for index, entries in found.by_row.items():
            if any(entry[0] is column or entry[1] is Reason.EMPTY_ROW for entry in entries):
                mask[index] = True
        return mask

    def _refuse_repeats(self, values: dict[str, pl.Series], found: _Findings) -> None:
        keys = self.contract.keys
        if not keys:
            return
        whole = np.flatnonzero(~found.bad)
        columns = [values[key].gather(whole) for key in keys]
        mask = np.zeros(len(found.bad), dtype=bool)
        for key, column in zip(keys, columns, strict=True):
            absent = column.is_null().to_numpy()
            if absent.any():
                lacking = np.zeros(len(found.bad), dtype=bool)
                lacking[whole[absent]] = True
                message = "A key is missing."
                found.add(lacking, self.contract.column(key), Reason.MISSING_REQUIRED, message)
        complete = ~found.bad[whole]
        usable = [column.filter(pl.Series(complete)) for column in columns]
        if len(usable[0]):
            mask[whole[complete]] = self.seen.repeats(key_hashes(usable))
        message = "The key occurs earlier in the file."
        found.add(mask, self.contract.column(keys[0]), Reason.DUPLICATE_KEY, message)

    def _entry(
        self, chunk: Chunk, index: int, entries: list[tuple[ColumnContract | None, Reason, str]]
    ) -> QuarantineEntry:
        raw = chunk.raw(index)
        issues = tuple(
            Issue(
                column=column.name if column else "",
                reason=reason,
                message=message,
                value=self._value(raw.fields, column),
            )
            for column, reason, message in entries
        )
        record = shown(self._record(raw.text, raw.fields), RECORD_LENGTH)
        return QuarantineEntry(row=int(chunk.rows[index]), issues=issues, record=record)

    def _value(self, fields: list[str], column: ColumnContract | None) -> str:
        if column is None:
            return ""
        if not is_open(column):
            return MASK
        return shown(fields[self.places[column.name]])

    def _record(self, text: str, fields: list[str]) -> str:
        """The original text; fields that are not plain attributes are masked."""
        open_places = {
            self.places[column.name] for column in self.contract.columns if is_open(column)
        }
        if len(open_places) == len(fields):
            return text
        kept = [value if i in open_places else MASK for i, value in enumerate(fields)]
        return self.contract.delimiter.join(kept)

    def _store(self, chunk: Chunk, values: dict[str, pl.Series], good: NDArray[np.bool_]) -> None:
        if not good.any():
            return
        keep = None if good.all() else pl.Series(good)
        arrays: list[pa.Array] = [pa.array(chunk.rows[good])]
        for column in stored_columns(self.contract):
            series = values[column.name] if keep is None else values[column.name].filter(keep)
            if column.privacy is Privacy.IDENTITY:
                assert self.encrypt is not None
                texts = series.cast(pl.String).to_list()
                ciphers, indexes = self.encrypt(column.name, texts)
                arrays += [pa.array(ciphers, pa.binary()), pa.array(indexes, pa.binary())]
            else:
                arrays.append(series.to_arrow())
        self._add(arrays)

    def _add(self, arrays: list[pa.Array]) -> None:
        schema = self.good.schema
        assert schema.names[0] == ROW_COLUMN
        fitted = [
            array if array.type == entry.type else array.cast(entry.type)
            for array, entry in zip(arrays, schema, strict=True)
        ]
        self.good.add(pa.Table.from_arrays(fitted, schema=schema))

    def close(self) -> None:
        """Finish both files."""
        self.good.close()
        self.bad.close()
