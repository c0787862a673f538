"""A binary file object that encrypts what is written to it."""

import hashlib
import io
import os
import weakref
from typing import Any

from core.storage import publishing
from core.storage.layout import ID_BYTES, ChunkCipher, FileHeader
from core.storage.paths import bank_path
from core.vault import vault

CHUNK_BYTES = 256 * 1024


class EncryptedWriter(io.RawIOBase):
    """Writes to a draft; `close` publishes it. Left by an exception, or dropped unclosed, it leaves
    nothing.

    After `close`: `sha256` (hex, of the clear content) and `size` (clear bytes).
    """

    def __init__(
        self, path: str, *, overwrite: bool = False, chunk_bytes: int = CHUNK_BYTES
    ) -> None:
        self.name = bank_path(path)
        self.sha256 = ""
        self.size = 0
        file_id = os.urandom(ID_BYTES)
        key = vault().new_file_key(file_id)
        # The vault knows under which of the bank's keys this one is wrapped, also after a rotation.
        header = FileHeader(key_version=0, chunk_bytes=chunk_bytes, file_id=file_id)
        self._cipher = ChunkCipher(key, header, realm=vault().realm, path=path)
        self._overwrite = overwrite
        self._chunk_bytes = chunk_bytes
        self._number = 0
        self._pending = bytearray()
        self._digest = hashlib.sha256()
        self._draft = publishing.new_draft(self.name)
        self._discard = weakref.finalize(self, publishing.discard, self._draft)
        self._draft.write(header.pack())

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.size

    def write(self, data: Any) -> int:
        if self.closed:
            raise ValueError("The file is closed.")
        view = memoryview(data).cast("B")
        self._digest.update(view)
        self.size += len(view)
        self._take(view)
        return len(view)

    def _take(self, view: memoryview) -> None:
        """Encrypt whole chunks but always hold back the last byte: only `close` knows which chunk
        is the last.
        """
        size, start = self._chunk_bytes, 0
        if self._pending:
            start = min(size - len(self._pending), len(view))
            self._pending += view[:start]
            if start == len(view):
                return
            self._put(self._pending, last=False)
            self._pending = bytearray()
        while len(view) - start > size:
            self._put(view[start : start + size], last=False)
            start += size
        self._pending += view[start:]

    def _put(self, chunk: bytearray | memoryview, *, last: bool) -> None:
        self._draft.write(self._cipher.encrypt(self._number, chunk, last=last))
        self._number += 1

    def close(self) -> None:
        """Publish. Raises FileExistsError when the name is taken; then, as after any error, nothing
        is kept.
        """
        if self.closed:
            return
        try:
            if self._discard.alive:
                self._put(self._pending, last=True)
                publishing.publish(self._draft, self.name, overwrite=self._overwrite)
                self.sha256 = self._digest.hexdigest()
        finally:
            self._discard()
            super().close()

    def abort(self) -> None:
        """Close without publishing."""
        self._discard()
        super().close()

    def __exit__(self, kind: Any, value: Any, trace: Any) -> None:
        if kind is not None:
            self.abort()
        else:
            self.close()

    def __del__(self) -> None:
        # RawIOBase would close, and so publish, a file that was forgotten half-way.
        if "_discard" in self.__dict__:
            self._discard()
