"""Opening what a caller hands in: a path or a seekable binary file, gzip included."""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from datasets.engine.errors import DamagedFile, FileTooLarge, ZipBomb
from datasets.engine.limits import Limits

Source = str | Path | BinaryIO

GZIP_MAGIC = b"\x1f\x8b"
READ_BYTES = 1 << 18


def size_of(handle: BinaryIO) -> int:
    """Bytes of a seekable file; its position is left at the start."""
    handle.seek(0, os.SEEK_END)
    size = handle.tell()
    handle.seek(0)
    return size


@contextmanager
def opened(source: Source, limits: Limits) -> Iterator[BinaryIO]:
    """The source as a binary file at position 0. A caller's own file is not closed.

    Raises FileTooLarge.
    """
    owned = isinstance(source, (str, Path))
    handle: BinaryIO = open(source, "rb") if isinstance(source, (str, Path)) else source  # noqa: SIM115
    try:
        size = size_of(handle)
        if size > limits.max_bytes:
            raise FileTooLarge(
                f"The file has {size:,} bytes; {limits.max_bytes:,} are allowed.", size=size
            )
        yield handle
    finally:
        if owned:
            handle.close()


def is_gzip(handle: BinaryIO) -> bool:
    """Whether the content starts like gzip. The position is left at the start."""
    handle.seek(0)
    magic = handle.read(2)
    handle.seek(0)
    return magic == GZIP_MAGIC


class GzipReader(io.RawIOBase):
    """Forward reader of a gzip file that stops at a bomb. Members after the first are read too.

    Raises ZipBomb past the ratio or size limit, DamagedFile on a broken stream.
    """

    def __init__(self, handle: BinaryIO, limits: Limits) -> None:
        super().__init__()
        handle.seek(0)
        self._handle = handle
        self._limits = limits
        self._inflater = zlib.decompressobj(wbits=31)
        self._pending = b""
        self.stored = 0
        self.inflated = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        parts: list[bytes] = []
        wanted = size if size >= 0 else self._limits.gzip_bytes + 1
        while wanted > 0:
            part = self._inflate(wanted)
            if not part:
                break
            parts.append(part)
            wanted -= len(part)
        return b"".join(parts)

    def _inflate(self, wanted: int) -> bytes:
        while True:
            exhausted = self._fill()
            if self._inflater.eof:
                if not self._pending.strip(b"\0"):
                    return b""
                self._inflater = zlib.decompressobj(wbits=31)
            try:
                part = self._inflater.decompress(self._pending, min(wanted, READ_BYTES * 4))
            except zlib.error as error:
                raise DamagedFile(f"The gzip stream is broken: {error}.") from error
            self._pending = self._inflater.unconsumed_tail or self._inflater.unused_data
            self.inflated += len(part)
            self._check()
            if part:
                return part
            if exhausted and not self._inflater.eof:
                raise DamagedFile("The gzip stream ends before its end mark.")

    def _fill(self) -> bool:
        """Read on when nothing waits; True when the file has no more."""
        if self._pending:
            return False
        self._pending = self._handle.read(READ_BYTES)
        self.stored += len(self._pending)
        return not self._pending

    def _check(self) -> None:
        limits = self._limits
        allowed = limits.archive_free_bytes + self.stored * limits.archive_ratio
        if self.inflated > min(allowed, limits.gzip_bytes):
            raise ZipBomb(
                f"The gzip file has grown to {self.inflated:,} bytes out of {self.stored:,}.",
                stored=self.stored,
                inflated=self.inflated,
            )
