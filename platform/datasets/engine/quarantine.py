"""The rows that were refused: collected, masked, written, and exported without live formulas."""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import BinaryIO, cast

import pyarrow as pa
import pyarrow.parquet as pq
from xlsxwriter import Workbook  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from charts.spreadsheets import harmless
from datasets.choices import Reason
from datasets.contracts import Issue, QuarantineEntry
from datasets.engine.dialects import ROW_COLUMN
from datasets.engine.encodings import DAMAGE
from datasets.engine.errors import FileTooLarge

MASK = "•••"
VALUE_LENGTH = 120
RECORD_LENGTH = 2_000
ISSUES_A_ROW = 20
FIRST_ENTRIES = 50
FLUSH_AT = 5_000
EXCEL_ROWS = 1_048_576
EXACT_IN_EXCEL = 1e15
CELL_LENGTH = 32_767
PLAIN = {"strings_to_urls": False, "strings_to_numbers": False}
SCHEMA = pa.schema(
    [
        (ROW_COLUMN, pa.int64()),
        ("column", pa.string()),
        ("reason", pa.string()),
        ("message", pa.string()),
        ("value", pa.string()),
        ("record", pa.string()),
    ]
)


def shown(text: str, length: int = VALUE_LENGTH) -> str:
    """A value as it may be shown: damage and NUL made visible, long ones cut."""
    text = text.replace(DAMAGE, "\ufffd").replace("\0", "\u2400")
    return text if len(text) <= length else text[: length - 1] + "…"


class QuarantineWriter:
    """Writes refused rows as Parquet, one line an issue, and keeps count."""

    def __init__(self, target: BinaryIO) -> None:
        self._writer = pq.ParquetWriter(target, SCHEMA, compression="zstd")
        self._lines: list[tuple[int, str, str, str, str, str]] = []
        self.rows = 0
        self.reasons: Counter[str] = Counter()
        self.columns: Counter[str] = Counter()
        self.first: list[QuarantineEntry] = []

    def add(self, entry: QuarantineEntry) -> None:
        """Take one refused row; its first issue is the reason that is counted."""
        self.rows += 1
        self.reasons[entry.issues[0].reason] += 1
        for column in {issue.column for issue in entry.issues if issue.column}:
            self.columns[column] += 1
        if len(self.first) < FIRST_ENTRIES:
            self.first.append(entry)
        for index, issue in enumerate(entry.issues[:ISSUES_A_ROW]):
            record = entry.record if index == 0 else ""
            self._lines.append(
                (entry.row, issue.column, issue.reason, issue.message, issue.value, record)
            )
        if len(self._lines) >= FLUSH_AT:
            self._flush()

    def _flush(self) -> None:
        if self._lines:
            columns = list(zip(*self._lines, strict=True))
            arrays = [
                pa.array(column, type=f.type) for column, f in zip(columns, SCHEMA, strict=True)
            ]
            self._writer.write_table(pa.Table.from_arrays(arrays, schema=SCHEMA))
            self._lines.clear()

    def close(self) -> None:
        self._flush()
        self._writer.close()


def whole_row_entry(
    row: int, reason: Reason, message: str, raw: str, *, mask: bool
) -> QuarantineEntry:
    """A refused record that has no columns; masked whole where the contract has secrets."""
    record = MASK if mask else shown(raw, RECORD_LENGTH)
    return QuarantineEntry(
        row=row, issues=(Issue(column="", reason=reason, message=message),), record=record
    )


def neutral(value: object) -> object:
    """A value that no spreadsheet takes for a formula; bytes as hexadecimal, numbers as they are."""
    if isinstance(value, bytes):
        return value.hex()
    return harmless(value) if isinstance(value, str) else value


def export_csv(source: BinaryIO, target: BinaryIO, *, batch_rows: int = 10_000) -> int:
    """Any Parquet file of ours as CSV (UTF-8 with BOM, CRLF) without live formulas. Rows written.

    All text is quoted, so that a spreadsheet expecting another delimiter does not cut inside it.
    Ciphertext and blind indexes are written as hexadecimal.
    """
    text = io.TextIOWrapper(cast("io.BytesIO", target), "utf-8-sig", newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC)
    file = pq.ParquetFile(source)
    writer.writerow([neutral(name) for name in file.schema_arrow.names])
    rows = 0
    for batch in file.iter_batches(batch_size=batch_rows):
        columns = [column.to_pylist() for column in batch.columns]
        for row in zip(*columns, strict=True):
            writer.writerow([neutral(value) for value in row])
            rows += 1
    text.flush()
    text.detach()
    return rows


def export_xlsx(source: BinaryIO, target: BinaryIO, *, batch_rows: int = 10_000) -> int:
    """Any Parquet file of ours as a workbook without live formulas. Rows written.

    Rows go to disk as they are written. Raises FileTooLarge past Excel's 1,048,576 rows.
    """
    file = pq.ParquetFile(source)
    rows = int(file.metadata.num_rows)
    if rows >= EXCEL_ROWS:
        raise FileTooLarge(f"Excel holds {EXCEL_ROWS - 1:,} rows; there are {rows:,}.", rows=rows)
    book = Workbook(target, {"constant_memory": True, "strings_to_formulas": False, **PLAIN})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, [str(neutral(name)) for name in file.schema_arrow.names])
    at = 1
    for batch in file.iter_batches(batch_size=batch_rows):
        columns = [column.to_pylist() for column in batch.columns]
        for row in zip(*columns, strict=True):
            for place, value in enumerate(row):
                _write_cell(sheet, at, place, neutral(value))
            at += 1
    book.close()
    return at - 1


def _write_cell(sheet: Worksheet, row: int, place: int, value: object) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, place, value)
    elif isinstance(value, (int, float)) and abs(value) < EXACT_IN_EXCEL:
        sheet.write_number(row, place, value)
    else:
        sheet.write_string(row, place, str(value)[:CELL_LENGTH])
