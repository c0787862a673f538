"""What modules call. Paths are relative to the bank in force; files are written once."""

import shutil
from dataclasses import dataclass
from functools import partial
from typing import IO

from django.db import transaction

from core.storage import publishing
from core.storage.layout import HEADER_BYTES, REVOCABLE, unpack_header
from core.storage.paths import bank_path
from core.storage.reader import EncryptedReader
from core.storage.writer import CHUNK_BYTES, EncryptedWriter
from core.vault import vault


@dataclass(frozen=True, slots=True)
class StoredFile:
    """`path` as given, `size` in clear bytes, `sha256` (hex) of the clear content."""

    path: str
    size: int
    sha256: str


def open_writer(path: str, *, overwrite: bool = False) -> EncryptedWriter:
    """A binary file object; the file appears when it is closed, and never when the writer dies.

    Use it by `with`. Without `overwrite` closing raises FileExistsError when the name is taken
    meanwhile.
    """
    return EncryptedWriter(path, overwrite=overwrite)


def put_stream(path: str, stream: IO[bytes], *, overwrite: bool = False) -> StoredFile:
    """Copy a stream into a file, a chunk at a time in memory."""
    with open_writer(path, overwrite=overwrite) as writer:
        shutil.copyfileobj(stream, writer, CHUNK_BYTES)
    return StoredFile(path=path, size=writer.size, sha256=writer.sha256)


def open_reader(path: str) -> EncryptedReader:
    """A seekable binary file object. Raises FileNotFoundError, or `FileDamaged` at opening or at
    any read.
    """
    return EncryptedReader(path)


def exists(path: str) -> bool:
    return publishing.storage().exists(bank_path(path))


def size(path: str) -> int:
    """Clear bytes; checks header and last chunk."""
    with open_reader(path) as reader:
        return reader.size


def delete(path: str) -> None:
    """Remove the file; nothing happens when there is none."""
    publishing.storage().delete(bank_path(path))


def retire(path: str) -> None:
    """Shred where the file's key can be destroyed alone, else remove it; nothing happens when there is none."""
    try:
        shred(path)
    except ValueError:
        transaction.on_commit(partial(publishing.storage().delete, bank_path(path)))


def shred(path: str) -> bool:
    """Destroy the file's key and remove it: its copies in backups become unreadable too. False when there is none.

    Raises ValueError for a file of the older format, whose key is the bank's: write it anew first.
    """
    try:
        with publishing.storage().open(bank_path(path), "rb") as file:
            header = unpack_header(file.read(HEADER_BYTES))
    except FileNotFoundError:
        return False
    if header.format != REVOCABLE:
        raise ValueError(f"{path} is of a format whose key cannot be destroyed alone.")
    vault().erase_id(header.file_id)
    # After the commit: a rolled-back erasure must find its file again.
    transaction.on_commit(partial(publishing.storage().delete, bank_path(path)))
    return True
