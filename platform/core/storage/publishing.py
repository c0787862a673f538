"""Making a finished draft visible under its name, whole or not at all."""

import contextlib
import os
import tempfile
import time
from pathlib import Path
from typing import IO

from django.core.files import File
from django.core.files.storage import FileSystemStorage, storages

from core.storage.drafts import Upload, UploadingStorage

Draft = IO[bytes] | Upload
DRAFTS = ".drafts"


def storage() -> FileSystemStorage:
    """The default storage; typed as the local one, of which only the common interface is used
    elsewhere.
    """
    return storages["default"]  # type: ignore[return-value]


def _is_local() -> bool:
    return isinstance(storage(), FileSystemStorage)


def new_draft(name: str) -> Draft:
    """A draft of the file `name`: on the storage's own disk where it is local, so that publishing is one rename; on
    an object store an upload that is completed last. Any other storage gets a temporary file.
    """
    chosen = storage()
    if isinstance(chosen, UploadingStorage):
        return chosen.new_upload(name)
    folder = None
    if _is_local():
        folder = Path(storage().location) / DRAFTS
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return tempfile.NamedTemporaryFile(dir=folder, delete=False)


def publish(draft: Draft, name: str, *, overwrite: bool) -> None:
    """Move the draft to `name`. Raises FileExistsError where a file is and `overwrite` is not."""
    if isinstance(draft, Upload):
        draft.publish(overwrite=overwrite)
        return
    draft.flush()
    if _is_local():
        _publish_local(draft, Path(storage().path(name)), overwrite=overwrite)
    else:
        _publish_remote(draft, name, overwrite=overwrite)


def discard(draft: Draft) -> None:
    """Remove a draft; harmless when it is published or gone."""
    if isinstance(draft, Upload):
        draft.discard()
        return
    draft.close()
    Path(draft.name).unlink(missing_ok=True)


def remove_old_drafts(*, older_than_seconds: float = 86_400.0) -> int:
    """Remove what killed writers left. Returns how many."""
    chosen = storage()
    if isinstance(chosen, UploadingStorage):
        return chosen.remove_old_uploads(older_than_seconds=older_than_seconds)
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
    """Through Django's common interface, which has no condition: two writers at once may both think they won.
    The storage must be set to keep names as given.
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
