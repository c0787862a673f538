"""Refusals of the file store."""

from core.errors import InvalidInput, Unavailable


class BadPath(InvalidInput):
    """A path that leaves the bank's folder, or could."""

    code = "bad_path"
    title = "This is not a path inside the bank's files"


class FileDamaged(OSError):
    """The file was altered, cut, reordered, or is another file's or another bank's content."""


class FileShredded(OSError):
    """The file's own key was destroyed: this copy and every copy of it can never be read again."""


class StorageUnavailable(Unavailable):
    """The object store does not answer, or refuses; nothing became visible. Worth trying again."""

    code = "storage_unavailable"
    title = "The file store is not available"
