"""Making a finished draft visible under its name, whole or not at all."""

import contextlib
import os
import tempfile
import time
from pathlib import Path
from typing import IO

from django.core.files import File
from django.core.files.storage import FileSystemStorage, storages

DRAFTS = ".drafts"


def storage() -> FileSystemStorage:
    """The default storage; typed as the local one, of which only the common interface is used
    elsewhere.
    """
    return storages["default"]  # type: ignore[return-value]


def _is_local() -> bool:
    return isinstance(storage(), FileSystemStorage)


def new_draft() -> IO[bytes]:
    """A temporary file: on the storage's own disk where it is local, so that publishing is one
    rename.
    """
    folder = None
    if _is_local():
        folder = Path(storage().location) / DRAFTS
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return tempfile.NamedTemporaryFile(dir=folder, delete=False)


def publish(draft: IO[bytes], name: str, *, overwrite: bool) -> None:
    """Move the draft to `name`. Raises FileExistsError where a file is and `overwrite` is not."""
    draft.flush()
    if _is_local():
        _publish_local(draft, Path(storage().path(name)), overwrite=overwrite)
    else:
        _publish_remote(draft, name, overwrite=overwrite)


def discard(draft: IO[bytes]) -> None:
    """Remove a draft; harmless when it is published or gone."""
    draft.close()
    Path(draft.name).unlink(missing_ok=True)


def remove_old_drafts(*, older_than_seconds: float = 86_400.0) -> int:
    """Remove what killed writers left on a local disk. Returns how many."""
    folder = Path(storage().location) / DRAFTS if _is_local() else None
    if folder is None or not folder.is_dir():
        return 0
    removed = 0
    for draft in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if draft.stat().st_mtime < time.time() - older_than_seconds:
                draft.unlink()
                removed += 1
    return removed


def _publish_local(draft: IO[bytes], target: Path, *, overwrite: bool) -> None:
    os.fsync(draft.fileno())
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if overwrite:
        Path(draft.name).replace(target)
    else:
        os.link(draft.name, target)
    descriptor = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _publish_remote(draft: IO[bytes], name: str, *, overwrite: bool) -> None:
    """An object store shows an upload when it is complete; the storage must be set to keep names as
    given.
    """
    if not overwrite and storage().exists(name):
        raise FileExistsError(name)
    if overwrite and storage().exists(name):
        storage().delete(name)
    draft.seek(0)
    kept = storage().save(name, File(draft))
    if kept != name:
        storage().delete(kept)
        raise FileExistsError(name)
