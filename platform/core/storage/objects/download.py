"""Reading an object at any place, a window at a time."""

import io
from typing import Any

from botocore.exceptions import ClientError

from core.storage.errors import FileDamaged
from core.storage.objects.client import Place, client_of, plain_errors

# A first window holds most files whole; windows of a reader that goes straight on double up to the last figure.
FIRST_WINDOW = 1024 * 1024
MOST_WINDOW = 4 * 1024 * 1024


class RangeReader(io.RawIOBase):
    """A seekable binary file object over ranged GETs of one version of an object.

    Raises FileNotFoundError, or FileDamaged when the object is replaced while it is read.
    """

    def __init__(self, place: Place, name: str) -> None:
        self._client = client_of(place)
        self._target: dict[str, Any] = {"Bucket": place.bucket, "Key": place.prefix + name}
        self.name = name
        self._position = 0
        self._window_start = 0
        self._window = b""
        self._step = FIRST_WINDOW
        self._same: dict[str, str] = {}
        self._size = 0
        self._fetch(0)

    def _fetch(self, start: int) -> None:
        """Make the window begin at `start`."""
        # Let go of the old one first: never two in memory.
        self._window = b""
        wanted = f"bytes={start}-{start + self._step - 1}"
        try:
            with plain_errors(self.name):
                answer = self._get(wanted)
                self._window = answer["Body"].read() if answer else b""
        except FileExistsError as error:
            raise FileDamaged(f"{self.name} was replaced while it was read.") from error
        self._window_start = start
        if answer:
            self._same = {"IfMatch": answer["ETag"]}
            self._size = int(answer["ContentRange"].rpartition("/")[2])

    def _get(self, wanted: str) -> dict[str, Any] | None:
        """None for an object without a byte."""
        try:
            got: dict[str, Any] = self._client.get_object(
                **self._target, Range=wanted, **self._same
            )
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "InvalidRange" and not self._same:
                return None
            raise
        return got

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("Before the start of the file.")
        self._position = base + offset
        return self._position

    def read(self, size: int | None = -1) -> bytes:
        """Exactly `size` bytes unless the file ends before; all of the rest for -1."""
        left = self._size - self._position
        wanted = left if size is None or size < 0 else min(size, left)
        out = bytearray()
        while len(out) < wanted:
            piece = self._at(self._position)[: wanted - len(out)]
            if not piece:
                raise FileDamaged(f"{self.name} ended before its size.")
            out += piece
            self._position += len(piece)
        return bytes(out)

    def readall(self) -> bytes:
        return self.read(-1)

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def _at(self, position: int) -> memoryview:
        """What the window holds from `position` on, fetching it first where it does not hold it."""
        end = self._window_start + len(self._window)
        if not self._window_start <= position < end:
            straight_on = position == end
            self._step = min(2 * self._step, MOST_WINDOW) if straight_on else FIRST_WINDOW
            self._fetch(position)
        return memoryview(self._window)[position - self._window_start :]
