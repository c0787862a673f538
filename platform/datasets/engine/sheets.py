"""Excel workbooks, read with calamine after `archives.check_workbook` has let them pass."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import polars as pl
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from datasets.engine.chunks import Chunk, RawRow, Reject
from datasets.engine.dialects import clean_names, looks_dated, looks_numeric
from datasets.engine.errors import (
    BadHeader,
    DamagedFile,
    EmptyFile,
    SheetMissing,
    TooManyColumns,
)
from datasets.engine.limits import Limits

ROWS_AT_ONCE = 20_000
PREVIEW_ROWS = 20
WHOLE_NUMBERS_TO = 2**53

Cell = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta


@dataclass(frozen=True, slots=True)
class SheetPreview:
    """The sheet that will be read and where its names stand."""

    sheet: str
    header_row: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OpenSheet:
    """A loaded sheet and its column names."""

    sheet: CalamineSheet
    names: tuple[str, ...]


def _open(handle: BinaryIO) -> CalamineWorkbook:
    handle.seek(0)
    try:
        return CalamineWorkbook.from_filelike(handle)
    except (CalamineError, OSError, ValueError) as error:
        raise DamagedFile(f"The workbook does not open: {error}.") from error


def _sheet(handle: BinaryIO, name: str | None) -> CalamineSheet:
    workbook = _open(handle)
    names = workbook.sheet_names
    wanted = names[0] if name is None and names else name
    if wanted is None or wanted not in names:
        raise SheetMissing(f"The workbook has no sheet {name!r}.", sheets=list(names))
    try:
        return workbook.get_sheet_by_name(wanted)
    except (CalamineError, OSError, ValueError) as error:
        raise DamagedFile(f"The sheet {wanted!r} does not read: {error}.") from error


def sheet_names(handle: BinaryIO) -> tuple[str, ...]:
    """Names of the sheets, in order. Raises DamagedFile."""
    return tuple(_open(handle).sheet_names)


def sheet_preview(handle: BinaryIO, sheets: tuple[str, ...], limits: Limits) -> SheetPreview:
    """The first sheet that holds a row, and its header. Raises EmptyFile, TooManyColumns."""
    for name in sheets:
        sheet = _sheet(handle, name)
        if sheet.start is None:
            continue
        if sheet.width > limits.max_columns:
            raise TooManyColumns(f"Sheet {name!r} has {sheet.width:,} columns.")
        rows = [[cell_text(cell, ".") for cell in row] for row in _first_rows(sheet)]
        index = _header_index(rows)
        names = clean_names(rows[index])
        return SheetPreview(name, index + 1 + sheet.start[0], names)
    raise EmptyFile("The workbook holds no row.")


def _first_rows(sheet: CalamineSheet) -> list[list[Cell]]:
    return list(sheet.to_python(skip_empty_area=True, nrows=PREVIEW_ROWS))


def _header_index(rows: list[list[str]]) -> int:
    """The first row that is as full as any below it and holds words."""
    filled = [sum(1 for cell in row if cell.strip()) for row in rows]
    most = max(filled)
    for index, row in enumerate(rows):
        words = sum(1 for cell in row if cell and not looks_numeric(cell) and not looks_dated(cell))
        if filled[index] * 2 > most and words * 2 > filled[index]:
            return index
    return 0


def cell_text(cell: Cell, decimal: str) -> str:
    """A cell as it would stand in a text file: whole numbers without a point, dates as ISO."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        if cell.is_integer() and abs(cell) < WHOLE_NUMBERS_TO:
            return str(int(cell))
        return repr(cell).replace(".", decimal)
    if isinstance(cell, dt.datetime):
        if cell.time() == dt.time(0):
            return cell.date().isoformat()
        return cell.isoformat(sep=" ")
    if isinstance(cell, (dt.date, dt.time)):
        return cell.isoformat()
    return str(cell)


def open_sheet(handle: BinaryIO, name: str | None, header_row: int) -> OpenSheet:
    """Load a sheet (the first one when no name is given) and read its column names.

    `header_row` is the row as Excel numbers it, or 0 for numbered names. Raises BadHeader,
    SheetMissing, DamagedFile.
    """
    sheet = _sheet(handle, name)
    if sheet.start is None:
        raise BadHeader("The sheet is empty.")
    if header_row == 0:
        return OpenSheet(sheet, clean_names([""] * sheet.width))
    index = header_row - 1 - sheet.start[0]
    if 0 <= index < sheet.height:
        rows = sheet.to_python(skip_empty_area=True, nrows=index + 1)
        return OpenSheet(sheet, clean_names([cell_text(cell, ".") for cell in rows[index]]))
    raise BadHeader(f"The sheet has no row {header_row} to read names from.")


def sheet_chunks(opened: OpenSheet, *, header_row: int, decimal: str, size: int) -> Iterator[Chunk]:
    """All data rows of a sheet, every cell as text; rows bear the numbers that Excel shows."""
    sheet = opened.sheet
    if sheet.start is None:
        return
    first = sheet.start[0] + 1
    total = max(sheet.total_height, 1)
    batch: list[list[str]] = []
    rows: list[int] = []
    blank = 0
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        if number < first or number <= header_row:
            continue
        texts = [cell_text(cell, decimal) for cell in cells]
        if not any(texts):
            blank += 1
            continue
        batch.append(texts)
        rows.append(number)
        if len(batch) >= ROWS_AT_ONCE:
            yield _chunk(batch, rows, blank, min(size, size * number // total))
            batch, rows, blank = [], [], 0
    if batch or blank:
        yield _chunk(batch, rows, blank, size)


def _chunk(batch: list[list[str]], rows: list[int], blank: int, done: int) -> Chunk:
    width = len(batch[0]) if batch else 0
    no_rejects: list[Reject] = []
    return Chunk(
        columns=[
            pl.Series(values=[row[i] for row in batch], dtype=pl.String) for i in range(width)
        ],
        rows=np.array(rows, dtype=np.int64),
        raw=lambda i: RawRow(", ".join(batch[i]), batch[i]),
        rejects=no_rejects,
        blank=blank,
        done=done,
    )
