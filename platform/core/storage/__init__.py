"""Files of a bank: encrypted under its key, tamper-evident, on whatever `STORAGES["default"]` is."""

from core.storage.errors import BadPath, FileDamaged, FileShredded, StorageUnavailable
from core.storage.files import (
    StoredFile,
    delete,
    exists,
    open_reader,
    open_writer,
    put_stream,
    retire,
    shred,
    size,
)
from core.storage.publishing import remove_old_drafts
from core.storage.reader import EncryptedReader
from core.storage.writer import EncryptedWriter

__all__ = [
    "BadPath",
    "EncryptedReader",
    "EncryptedWriter",
    "FileDamaged",
    "FileShredded",
    "StorageUnavailable",
    "StoredFile",
    "delete",
    "exists",
    "open_reader",
    "open_writer",
    "put_stream",
    "remove_old_drafts",
    "retire",
    "shred",
    "size",
]
