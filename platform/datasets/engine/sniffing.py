"""What a file is, by its content."""

from __future__ import annotations

import codecs
import zipfile
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from datasets.choices import Compression, FileKind
from datasets.contracts import SourceFormat
from datasets.engine.archives import WORKBOOK, ZIP_MAGIC, check_workbook, member_names
from datasets.engine.dialects import Dialect, guess_dialect
from datasets.engine.encodings import Utf8Reader, guess_encoding, mark_damage
from datasets.engine.errors import (
    DamagedFile,
    EmptyFile,
    RowTooLong,
    TooManyColumns,
    UnsupportedFormat,
)
from datasets.engine.limits import DEFAULT_LIMITS, MIB, Limits
from datasets.engine.sheets import sheet_names, sheet_preview
from datasets.engine.sources import GzipReader, Source, is_gzip, opened, size_of

PARQUET_MAGIC = b"PAR1"
REFUSED = {
    b"\xd0\xcf\x11\xe0": "an old Excel file (.xls); save it as .xlsx",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"7z\xbc\xaf": "a 7z archive; unpack it first",
    b"Rar!": "a RAR archive; unpack it first",
    b"BZh": "a bzip2 archive; unpack it first",
    b"\xfd7zXZ": "an xz archive; unpack it first",
    b"\x28\xb5\x2f\xfd": "a zstd archive; unpack it first",
    b"\x7fELF": "a program",
    b"MZ\x90": "a program",
    b"SQLite format": "a database file",
    b"{\\rtf": "a rich-text document",
    b"ORC": "an ORC file",
    b"Obj\x01": "an Avro file",
    b"ARROW1": "an Arrow file",
}
HEAD = 1 * MIB
SLICE = 64 << 10
SLICES = 12
CONTROL_SHARE = 0.02


def sniff(source: Source, *, limits: Limits = DEFAULT_LIMITS) -> SourceFormat:
    """Format, encoding, delimiter and names of a file.

    Raises EmptyFile, UnsupportedFormat, UnknownEncoding, TooManyColumns, RowTooLong, ZipBomb,
    DamagedFile, FileTooLarge.
    """
    with opened(source, limits) as handle:
        size = size_of(handle)
        if size == 0:
            raise EmptyFile("The file is empty.")
        if is_gzip(handle):
            inner = GzipReader(handle, limits)
            head = _read_up_to(inner, HEAD)
            if head.startswith((ZIP_MAGIC, PARQUET_MAGIC)):
                raise UnsupportedFormat("Only delimited text is read through gzip.")
            return _text_format((head,), size, Compression.GZIP, limits)
        head = handle.read(HEAD)
        if head.startswith(ZIP_MAGIC):
            return _workbook_format(handle, size, limits)
        if head.startswith(PARQUET_MAGIC):
            return _parquet_format(handle, size, limits)
        return _text_format(_slices(handle, head, size), size, Compression.NONE, limits)


def _read_up_to(reader: GzipReader, size: int) -> bytes:
    data = reader.read(size)
    if not data:
        raise EmptyFile("The gzip file holds nothing.")
    return data


def _slices(handle: BinaryIO, head: bytes, size: int) -> tuple[bytes, ...]:
    """The head and a few pieces spread over the rest, for the encoding."""
    if size <= len(head):
        return (head,)
    step = (size - len(head)) // SLICES
    pieces = [head]
    for index in range(SLICES):
        handle.seek(len(head) + index * step // 2 * 2)
        pieces.append(handle.read(SLICE))
    return tuple(pieces)


def _text_format(
    samples: tuple[bytes, ...], size: int, compression: Compression, limits: Limits
) -> SourceFormat:
    head = samples[0]
    for magic, what in REFUSED.items():
        if head.startswith(magic):
            raise UnsupportedFormat(f"This is {what}.")
    guess = guess_encoding(samples)
    text = decode_head(head, guess.name)
    _refuse_binary(text)
    whole = size <= len(head) and compression is Compression.NONE
    dialect = _dialect(text, whole=whole, limits=limits)
    return SourceFormat(
        kind=FileKind.TEXT,
        compression=compression,
        encoding=guess.name,
        encoding_confidence=round(guess.confidence, 3),
        delimiter=dialect.delimiter,
        header_row=dialect.header_row,
        trailing_delimiter=dialect.trailing_delimiter,
        names=dialect.names,
        size_bytes=size,
    )


def decode_head(head: bytes, encoding: str) -> str:
    """The beginning of a file as text, a character cut at the end left out."""
    reader = Utf8Reader(_Once(head), encoding)
    data = reader.read(len(head))
    text = mark_damage(data)
    if encoding in ("utf-8", "utf-8-sig"):
        text = codecs.getincrementaldecoder("utf-8")("datasets.mark").decode(data)
    return text


class _Once:
    """Gives its bytes to the first read and never says that they end."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, size: int = -1, /) -> bytes:
        data, self._data = self._data, b""
        return data


def _refuse_binary(text: str) -> None:
    controls = sum(text.count(chr(code)) for code in range(32) if code not in (9, 10, 12, 13))
    if text and controls / len(text) > CONTROL_SHARE:
        raise UnsupportedFormat("The file is neither delimited text nor xlsx nor Parquet.")


def _dialect(text: str, *, whole: bool, limits: Limits) -> Dialect:
    first_end = text.find("\n")
    first = text if first_end < 0 else text[:first_end]
    if max(first.count(mark) for mark in ",;\t|") >= limits.max_columns:
        raise TooManyColumns(f"The first row has more than {limits.max_columns:,} fields.")
    if not whole and first_end < 0 and len(text) >= limits.row_bytes // 4:
        raise RowTooLong(f"The first row is longer than {len(text):,} characters.")
    dialect = guess_dialect(text, longest=limits.row_bytes)
    if dialect is None:
        raise EmptyFile("The file holds no row.")
    if len(dialect.names) > limits.max_columns:
        raise TooManyColumns(f"The file has {len(dialect.names):,} columns.")
    return dialect


def _workbook_format(handle: BinaryIO, size: int, limits: Limits) -> SourceFormat:
    names = member_names(handle)
    if WORKBOOK not in names:
        raise UnsupportedFormat("A zip archive that is not an xlsx workbook; unpack it first.")
    check_workbook(handle, limits)
    try:
        sheets = sheet_names(handle)
    except (zipfile.BadZipFile, KeyError) as error:
        raise DamagedFile(f"The workbook does not open: {error}.") from error
    preview = sheet_preview(handle, sheets, limits)
    return SourceFormat(
        kind=FileKind.XLSX,
        sheet=preview.sheet,
        sheets=sheets,
        header_row=preview.header_row,
        names=preview.names,
        size_bytes=size,
    )


def _parquet_format(handle: BinaryIO, size: int, limits: Limits) -> SourceFormat:
    try:
        handle.seek(0)
        schema = pq.ParquetFile(handle).schema_arrow
    except (pa.ArrowException, OSError) as error:
        raise DamagedFile(f"The Parquet file does not open: {error}.") from error
    if len(schema.names) > limits.max_columns:
        raise TooManyColumns(f"The file has {len(schema.names):,} columns.")
    return SourceFormat(
        kind=FileKind.PARQUET, header_row=0, names=tuple(schema.names), size_bytes=size
    )
