"""Cutting a byte stream into blocks of whole records, fast where the quoting is regular."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from datasets.engine.encodings import DAMAGE_UTF8, Utf8Reader, mark_damage
from datasets.engine.errors import RowTooLong
from datasets.engine.limits import Limits
from datasets.engine.records import Record, split_records

LF, CR, QUOTE = 10, 13, 34
FIRST_READ = 1 << 16
CAREFUL_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Block:
    """Whole records. Either `data` with `ends` (offset after each record's line end), to be
    parsed at speed, or `records` that the careful reader has taken apart."""

    first_row: int
    data: bytes
    ends: NDArray[np.int64]
    records: list[Record] | None

    @property
    def count(self) -> int:
        return len(self.ends) if self.records is None else len(self.records)

    def record_text(self, index: int) -> str:
        """The text of one record of a regular block, without its line end."""
        start = 0 if index == 0 else int(self.ends[index - 1])
        return mark_damage(self.data[start : int(self.ends[index])]).rstrip("\r\n")


NO_ENDS = np.empty(0, dtype=np.int64)


def read_blocks(reader: Utf8Reader, *, delimiter: str, limits: Limits) -> Iterator[Block]:
    """All records of a stream in blocks of about `limits.block_bytes`, rows counted from 1.

    Raises RowTooLong when a record passes `limits.row_bytes`.
    """
    row = 1
    waiting = b""
    final, stuck = False, True
    size = min(limits.block_bytes, max(limits.row_bytes, FIRST_READ))
    while True:
        if not final and (stuck or len(waiting) < size):
            fresh = reader.read(size)
            size = limits.block_bytes
            final = not fresh
            waiting += fresh
        if not waiting:
            return
        block, waiting = _cut(waiting, row, delimiter=delimiter, limits=limits, final=final)
        stuck = block.count == 0
        if not stuck:
            yield block
            row += block.count


def _cut(
    data: bytes, row: int, *, delimiter: str, limits: Limits, final: bool
) -> tuple[Block, bytes]:
    """The whole records at the start of `data`, and the rest."""
    if final and not data.endswith(b"\n"):
        data += b"\n"
    ends = regular_ends(data, delimiter)
    if ends is None:
        return _cut_carefully(data, row, delimiter=delimiter, limits=limits, final=final)
    if len(ends) == 0 or (final and int(ends[-1]) < len(data)):
        if not final and len(data) <= limits.row_bytes:
            return Block(row, b"", NO_ENDS, None), data
        return _cut_carefully(data, row, delimiter=delimiter, limits=limits, final=final)
    _refuse_long(ends, row, limits)
    cut = int(ends[-1])
    rest = data[cut:]
    if len(rest) > limits.row_bytes:
        return _cut_carefully(data, row, delimiter=delimiter, limits=limits, final=final)
    return Block(row, data[:cut], ends, None), rest


def _cut_carefully(
    data: bytes, row: int, *, delimiter: str, limits: Limits, final: bool
) -> tuple[Block, bytes]:
    """The same through the careful reader, a small piece at a time: its records take room.

    The piece is twice the longest row, so that it always holds a whole record or a fault.
    """
    piece = max(CAREFUL_BYTES, 2 * limits.row_bytes)
    later = data[piece:]
    data = data[:piece]
    cut = data.rfind(b"\n") + 1
    tail = data[cut:]
    if len(tail) > limits.row_bytes:
        raise RowTooLong(f"A row near row {row:,} is longer than {limits.row_bytes:,} bytes.")
    text = mark_damage(data[:cut])
    last = final and not later
    parsed = split_records(text, delimiter=delimiter, longest=limits.row_bytes, final=last)
    for index, record in enumerate(parsed.records):
        if len(record.raw) > limits.row_bytes:
            raise RowTooLong(f"Row {row + index:,} is longer than {limits.row_bytes:,} bytes.")
    return Block(row, b"", NO_ENDS, parsed.records), parsed.rest.encode() + tail + later


def _refuse_long(ends: NDArray[np.int64], row: int, limits: Limits) -> None:
    lengths = np.diff(ends, prepend=0)
    worst = int(lengths.argmax())
    if lengths[worst] > limits.row_bytes:
        raise RowTooLong(f"Row {row + worst:,} is longer than {limits.row_bytes:,} bytes.")


def regular_ends(data: bytes, delimiter: str) -> NDArray[np.int64] | None:
    """Offsets after each record's line end, or None where only the careful reader can tell.

    Regular means: valid UTF-8, no NUL, no marked damage, no bare carriage return, and every quote either opens
    a field, closes one, or is doubled inside one; then counting quotes tells inside from outside.
    """
    if b"\0" in data or DAMAGE_UTF8 in data:
        return None
    if not data.isascii() and not _is_utf8(data):
        return None
    if b"\r" in data and data.count(b"\r") != data.count(b"\r\n"):
        return None
    array = np.frombuffer(data, dtype=np.uint8)
    lines = np.flatnonzero(array == LF)
    if b'"' in data:
        quotes = np.flatnonzero(array == QUOTE)
        if not _quotes_regular(array, quotes, ord(delimiter)):
            return None
        lines = lines[np.searchsorted(quotes, lines) % 2 == 0]
    return lines.astype(np.int64) + 1


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data" and error.end == len(data)
    return True


def _quotes_regular(array: NDArray[np.uint8], quotes: NDArray[np.int64], delimiter: int) -> bool:
    opens, closes = quotes[0::2], quotes[1::2]
    before = array[np.maximum(opens - 1, 0)]
    opens_well = (opens == 0) | (before == delimiter) | (before == LF)
    reopened = np.zeros(len(opens), dtype=bool)
    reopened[1:] = opens[1:] == closes[: len(opens) - 1] + 1
    if not bool(np.all(opens_well | reopened)):
        return False
    last = len(array) - 1
    after = array[np.minimum(closes + 1, last)]
    closes_well = (closes == last) | (after == delimiter) | (after == LF) | (after == CR)
    doubled = np.zeros(len(closes), dtype=bool)
    paired = min(len(closes), len(opens) - 1)
    doubled[:paired] = opens[1 : paired + 1] == closes[:paired] + 1
    return bool(np.all(closes_well | doubled))
