"""A bank's stored files as they stand, encrypted: for its export, its import and its end. Under the admin login."""

from collections.abc import Iterator
from typing import IO

from django.core.files import File
from django.core.files.storage import FileSystemStorage

from core.storage.publishing import storage


def stored_paths(schema: str) -> Iterator[str]:
    """Paths of all files of a bank, relative to it, in one order on every storage."""
    yield from sorted(_walk(schema))


def open_stored(schema: str, path: str) -> IO[bytes]:
    """The encrypted bytes."""
    return storage().open(f"{schema}/{path}", "rb")  # type: ignore[return-value]


def keep_stored(schema: str, path: str, stream: IO[bytes]) -> None:
    """Put encrypted bytes back; what an earlier attempt left under the name is replaced."""
    name = f"{schema}/{path}"
    if storage().exists(name):
        storage().delete(name)
    kept = storage().save(name, File(stream))
    if kept != name:
        storage().delete(kept)
        raise FileExistsError(name)


def delete_stored(schema: str) -> int:
    """Remove every file of a bank, and its folders where the storage has folders. Returns the number of files."""
    paths = list(_walk(schema))
    for path in paths:
        storage().delete(f"{schema}/{path}")
    if isinstance(storage(), FileSystemStorage):
        _delete_folders(schema)
    return len(paths)


def _walk(folder: str, prefix: str = "") -> Iterator[str]:
    try:
        folders, files = storage().listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return
    yield from (f"{prefix}{name}" for name in files)
    for name in folders:
        yield from _walk(f"{folder}/{name}", f"{prefix}{name}/")


def _delete_folders(folder: str) -> None:
    if not storage().exists(folder):
        return
    for name in storage().listdir(folder)[0]:
        _delete_folders(f"{folder}/{name}")
    storage().delete(folder)
