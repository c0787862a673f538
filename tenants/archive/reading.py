"""Reading an export: everything is checked before anything is believed."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import pyarrow.parquet as pq
from django.core.files.storage import Storage

from audit.services import is_signed
from tenants.archive.errors import (
    FileAltered,
    FileExtra,
    FileMissing,
    ManifestWrong,
    OtherVersion,
    SignatureWrong,
)
from tenants.archive.manifest import KEYS, MANIFEST, SIGNATURE, FileEntry, Manifest, decode
from tenants.archive.tables import arrow_schema
from tenants.archive.writing import digest_of

PURPOSE = "bank-export"
_LARGEST_MANIFEST = 256 * 1024 * 1024


class ArchiveSource:
    """One export in a folder of a storage, its manifest read and its signature checked."""

    def __init__(self, store: Storage, folder: str) -> None:
        self._store = store
        self._folder = folder.strip("/")
        body = self._small(MANIFEST)
        self.manifest = _manifest(body, self._small(SIGNATURE))
        self._by_path = {entry.path: entry for entry in self.manifest.contents.files}

    def verify(self) -> None:
        """Every file is there, unaltered, and no other is. Raises an `ArchiveRefused` that names it."""
        found = set(walk(self._store, self._folder))
        expected = {*self._by_path, MANIFEST, SIGNATURE, KEYS}
        for path in sorted(expected - found):
            raise FileMissing(f"The export lacks the file {path}.")
        for path in sorted(found - expected):
            raise FileExtra(f"The export holds {path}, which its manifest does not name.")
        for path, sha256 in self._digests():
            with self.open(path) as stream:
                if digest_of(stream)[0] != sha256:
                    raise FileAltered(f"The file {path} is not the one that was signed.")

    def _digests(self) -> Iterator[tuple[str, str]]:
        yield KEYS, self.manifest.keys_sha256
        for entry in self.manifest.contents.files:
            yield entry.path, entry.sha256

    def find(self, path: str) -> FileEntry | None:
        return self._by_path.get(path)

    def read(self, path: str) -> bytes:
        with self.open(path) as stream:
            return stream.read()

    @contextmanager
    def open(self, path: str) -> Iterator[IO[bytes]]:
        with self._store.open(f"{self._folder}/{path}" if self._folder else path, "rb") as stream:
            yield stream  # type: ignore[misc]

    def rows(self, entry: FileEntry) -> Iterator[list[tuple[Any, ...]]]:
        """Rows of a table, a group at a time. Raises `ManifestWrong` when the file's columns are not the manifest's."""
        with self.open(entry.path) as stream:
            file = pq.ParquetFile(stream)
            if not file.schema_arrow.equals(arrow_schema(entry.columns)):
                raise ManifestWrong(f"{entry.path} has other columns than its manifest says.")
            for number in range(file.num_row_groups):
                columns = [column.to_pylist() for column in file.read_row_group(number).columns]
                yield list(zip(*columns, strict=True))

    def _small(self, path: str) -> bytes:
        try:
            with self.open(path) as stream:
                body: bytes = stream.read(_LARGEST_MANIFEST + 1)
        except FileNotFoundError as error:
            raise FileMissing(f"The export lacks the file {path}.") from error
        if len(body) > _LARGEST_MANIFEST:
            raise ManifestWrong(f"{path} is larger than a manifest can be.")
        return body


def _manifest(body: bytes, signature: bytes) -> Manifest:
    try:
        said = str(json.loads(signature)["signature"])
    except (ValueError, KeyError, TypeError) as error:
        raise SignatureWrong("The signature cannot be read.") from error
    if not is_signed(PURPOSE, body, said):
        raise SignatureWrong("The manifest was altered, or another platform signed it.")
    try:
        return decode(body)
    except ValueError as error:
        raise ManifestWrong(f"The manifest cannot be read: {error}.") from error


def require_version(manifest: Manifest, *, schema_version: str, migrations: dict[str, str]) -> None:
    """Raises `OtherVersion` naming each app whose tables were of another version."""
    contents = manifest.contents
    if contents.schema_version == schema_version:
        return
    names = sorted({*contents.migrations, *migrations})
    apart = [
        f"{name} {contents.migrations.get(name, 'absent')} (here {migrations.get(name, 'absent')})"
        for name in names
        if contents.migrations.get(name) != migrations.get(name)
    ]
    raise OtherVersion(
        "The export's tables are of another version: "
        + ("; ".join(apart) or "other migrations")
        + "."
    )


def walk(store: Storage, folder: str) -> Iterator[str]:
    """Paths of all files below a folder, relative to it; nothing where there is no such folder."""
    try:
        folders, files = store.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return
    yield from sorted(files)
    for each in sorted(folders):
        yield from (
            f"{each}/{path}" for path in walk(store, f"{folder}/{each}" if folder else each)
        )
