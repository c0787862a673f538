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
ADDRESS = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{1,3})(\d{1,7})["']""")
ROW = re.compile(rb"""<(?:\w+:)?row\b[^>]{0,200}?\br\s*=\s*["'](\d{1,7})["']""")
CELL_STARTS = (
    b"<c ",
    b"<c>",
    b"<c/",
    b"<c\n",
    b"<c\t",
    b"<c\r",
    b":c ",
    b":c>",
    b":c/",
    b":c\n",
    b":c\t",
    b":c\r",
)
WIDEST = 16_384
OVERLAP = 256


@dataclass(slots=True)
class SheetExtent:
    """The rectangle a reader would allocate for a part: its furthest row and column so far.

    Cells may come without an address; then as many columns are assumed as there are such cells.
    """

    rows: int = 0
    columns: int = 0
    cells: int = 0
    addresses: int = 0

    def see(self, text: bytes) -> None:
        """Take in a piece of XML."""
        found = ADDRESS.findall(text)
        letters = {letters.upper() for letters in {letters for letters, _ in found}}
        rows = {row for _, row in found}.union(ROW.findall(text))
        self.rows = max([self.rows, *map(int, rows)])
        self.columns = max([self.columns, *map(_column_number, letters)])
        self.cells += sum(text.count(start) for start in CELL_STARTS)
        self.addresses += len(found)

    @property
    def area(self) -> int:
        """Cells of the rectangle."""
        bare = max(self.cells - self.addresses, 0)
        return max(self.rows, min(bare, 1)) * max(self.columns, min(bare, WIDEST))


def member_names(handle: BinaryIO) -> frozenset[str]:
    """Names of the members. Raises DamagedFile, ZipBomb."""
    try:
        handle.seek(0)
        with zipfile.ZipFile(handle) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, RuntimeError) as error:
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
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
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
    """Inflate one member under the limits, watching its furthest cell. Bytes seen."""
    seen = 0
    extent = SheetExtent()
    tail = b""
    with archive.open(member) as stream:
        while piece := stream.read(PIECE):
            seen += len(piece)
            _check_size(seen, member.compress_size, limits)
            if before + seen > limits.xlsx_bytes:
                raise ZipBomb(f"The workbook inflates beyond {limits.xlsx_bytes:,} bytes.")
            text = tail + piece
            cut = text.rfind(b"<") if len(text) - text.rfind(b"<") < OVERLAP else len(text)
            extent.see(text[:cut])
            tail = text[cut:]
            _check_area(extent, limits)
        extent.see(tail)
        _check_area(extent, limits)
    return seen


def _check_area(extent: SheetExtent, limits: Limits) -> None:
    if extent.area > limits.xlsx_cells:
        raise ZipBomb(
            f"A sheet spans {extent.rows:,} rows and {extent.columns:,} columns; "
            f"{limits.xlsx_cells:,} cells are allowed. Send large tables as CSV or Parquet.",
            rows=extent.rows,
            columns=extent.columns,
        )


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
