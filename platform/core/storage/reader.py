"""A seekable binary file object that decrypts and checks what is read from it."""

import io
from collections.abc import Iterator
from typing import IO, Any

from core.storage import publishing
from core.storage.errors import FileDamaged, FileShredded
from core.storage.layout import (
    HEADER_BYTES,
    REVOCABLE,
    TAG_BYTES,
    ChunkCipher,
    FileHeader,
    unpack_header,
)
from core.storage.paths import bank_path
from core.vault import DecryptionRefused, SubjectErased, vault


class EncryptedReader(io.RawIOBase):
    """Opening checks the header and the last chunk, so a cut file is refused at once; each read
    checks its chunks.
    """

    def __init__(self, path: str) -> None:
        self.name = bank_path(path)
        self._file: IO[bytes] = publishing.storage().open(self.name, "rb")  # type: ignore[assignment]
        try:
            header = unpack_header(self._file.read(HEADER_BYTES))
            key = _key_of(header)
            self._cipher = ChunkCipher(key, header, realm=vault().realm, path=path)
            self._chunk_bytes = header.chunk_bytes
            self._measure()
        except BaseException:
            self._file.close()
            raise
        self._position = 0

    def _measure(self) -> None:
        """Number of chunks and clear size, from the stored size; the last chunk proves both."""
        stored = self._file.seek(0, io.SEEK_END) - HEADER_BYTES
        step = self._chunk_bytes + TAG_BYTES
        self._chunks = max(1, -(-stored // step))
        self.size = stored - self._chunks * TAG_BYTES
        if self.size < 0:
            raise FileDamaged("The file was cut.")
        self._cached_number = -1
        self._cached = b""
        self._chunk(self._chunks - 1)

    def _chunk(self, number: int) -> bytes:
        if number != self._cached_number:
            step = self._chunk_bytes + TAG_BYTES
            self._file.seek(HEADER_BYTES + number * step)
            self._cached = self._cipher.decrypt(
                number, self._file.read(step), last=number == self._chunks - 1
            )
            self._cached_number = number
        return self._cached

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise ValueError("Before the start of the file.")
        self._position = base + offset
        return self._position

    def _pieces(self, wanted: int) -> Iterator[memoryview]:
        """The next `wanted` bytes, or all up to the end, a chunk at a time and without a copy."""
        left = min(wanted, self.size - self._position)
        while left > 0:
            number, offset = divmod(self._position, self._chunk_bytes)
            piece = memoryview(self._chunk(number))[offset : offset + left]
            self._position += len(piece)
            left -= len(piece)
            yield piece

    def readinto(self, buffer: Any) -> int:
        self._check_open()
        view = memoryview(buffer).cast("B")
        done = 0
        for piece in self._pieces(len(view)):
            view[done : done + len(piece)] = piece
            done += len(piece)
        return done

    def read(self, size: int | None = -1) -> bytes:
        """Exactly `size` bytes unless the file ends before; all of the rest for -1."""
        self._check_open()
        return b"".join(self._pieces(self.size if size is None or size < 0 else size))

    def _check_open(self) -> None:
        if self.closed:
            raise ValueError("The file is closed.")

    def readall(self) -> bytes:
        return self.read(-1)

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


def _key_of(header: FileHeader) -> bytes:
    box = vault()
    if header.format != REVOCABLE:
        return box.file_key(version=header.key_version)[1]
    try:
        return box.key_of_file(header.file_id)
    except SubjectErased as error:
        raise FileShredded("The file's key was destroyed.") from error
    except DecryptionRefused as error:
        raise FileDamaged("The file is not one of this bank's.") from error
