"""Looking inside a zip before anything opens it: bombs by size, by ratio, and by cell address."""

from __future__ import annotations

import re
import zipfile
import zlib
from dataclasses import dataclass
from typing import BinaryIO

from datasets.engine.errors import DamagedFile, ZipBomb
from datasets.engine.limits import Limits

ZIP_MAGIC = b"PK\x03\x04"
WORKBOOK = "xl/workbook.xml"
MAX_MEMBERS = 10_000
PIECE = 1 << 20
CELL = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
OVERLAP = 64


@dataclass(frozen=True, slots=True)
class SheetExtent:
    """Lowest right corner of a sheet part, which decides the memory a reader needs."""

    rows: int
    columns: int


def member_names(handle: BinaryIO) -> frozenset[str]:
    """Names of the members. Raises DamagedFile, ZipBomb."""
    try:
        handle.seek(0)
        with zipfile.ZipFile(handle) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise DamagedFile(f"The zip archive does not open: {error}.") from error
    if len(members) > MAX_MEMBERS:
        raise ZipBomb(f"The archive holds {len(members):,} members.", members=len(members))
    return frozenset(member.filename for member in members)


def check_workbook(handle: BinaryIO, limits: Limits) -> None:
    """Refuse a workbook that would grow past the limits.

    First by what the central directory declares, then by inflating every member and throwing the
    bytes away, since a directory can lie. Raises ZipBomb, DamagedFile.
    """
    handle.seek(0)
    try:
        with zipfile.ZipFile(handle) as archive:
            members = archive.infolist()
            _check_declared(members, limits)
            total = 0
            for member in members:
                total += _inflate(archive, member, limits, total)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise DamagedFile(f"The workbook is damaged: {error}.") from error
    finally:
        handle.seek(0)


def _check_declared(members: list[zipfile.ZipInfo], limits: Limits) -> None:
    declared = sum(member.file_size for member in members)
    stored = sum(member.compress_size for member in members)
    _check_size(declared, stored, limits)


def _check_size(inflated: int, stored: int, limits: Limits) -> None:
    allowed = limits.archive_free_bytes + stored * limits.archive_ratio
    if inflated > min(allowed, limits.xlsx_bytes):
        raise ZipBomb(
            f"The archive grows from {stored:,} to {inflated:,} bytes.",
            stored=stored,
            inflated=inflated,
        )


def _inflate(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limits: Limits, before: int) -> int:
    """Inflate one member under the limits; of a sheet, find the furthest cell. Bytes seen."""
    is_sheet = member.filename.startswith("xl/worksheets/") and member.filename.endswith(".xml")
    seen = rows = columns = 0
    tail = b""
    with archive.open(member) as stream:
        while piece := stream.read(PIECE):
            seen += len(piece)
            _check_size(seen, member.compress_size, limits)
            if before + seen > limits.xlsx_bytes:
                raise ZipBomb(f"The workbook inflates beyond {limits.xlsx_bytes:,} bytes.")
            if is_sheet:
                extent = _extent(tail + piece)
                rows, columns = max(rows, extent.rows), max(columns, extent.columns)
                _check_cells(rows, columns, limits)
                tail = piece[-OVERLAP:]
    return seen


def _check_cells(rows: int, columns: int, limits: Limits) -> None:
    if rows * columns > limits.xlsx_cells:
        raise ZipBomb(
            f"A sheet spans {rows:,} rows and {columns:,} columns; "
            f"{limits.xlsx_cells:,} cells are allowed. Send large tables as CSV or Parquet.",
            rows=rows,
            columns=columns,
        )


def _extent(text: bytes) -> SheetExtent:
    found = CELL.findall(text)
    if not found:
        return SheetExtent(0, 0)
    columns = max(_column_number(letters) for letters in {letters for letters, _ in found})
    rows = max(int(row) for _, row in found)
    return SheetExtent(rows, columns)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
