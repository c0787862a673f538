"""Encrypted files as the binary files the engine works on."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from core import storage
from core.storage import EncryptedWriter


@contextmanager
def reading(path: str) -> Iterator[BinaryIO]:
    """A stored file, seekable."""
    with storage.open_reader(path) as reader:
        yield cast(BinaryIO, reader)


def binary(writer: EncryptedWriter) -> BinaryIO:
    """The writer under the type the engine names; it is used for `write` alone."""
    return cast(BinaryIO, writer)
