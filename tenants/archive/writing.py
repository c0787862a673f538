"""Writing an export, a piece at a time: each finished file is noted, so that a killed export goes on after the last."""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import IO, Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq
from django.core.files import File
from django.core.files.storage import Storage
from django.db import connection, transaction

from tenants.archive.manifest import Column, FileEntry
from tenants.archive.tables import arrow_schema

# Rows fetched and written at a time; with wide rows a group ends earlier. Part of the format: a file's bytes follow it.
FETCH_ROWS = 2_000
GROUP_ROWS = 20_000
GROUP_BYTES = 16 * 1024 * 1024
COPY_BYTES = 1024 * 1024
WRITER = f"pyarrow {pa.__version__}"


class Notes(Protocol):
    """Remembers finished files beyond the life of a process."""

    def paths(self) -> frozenset[str]: ...

    def add(self, entry: FileEntry) -> None: ...


@dataclass(frozen=True, slots=True)
class ExportSink:
    """Where an export is written: a folder of a storage. `step` is told what is being written; it may raise."""

    store: Storage
    folder: str
    notes: Notes
    step: Callable[[str], None]

    def table(
        self,
        path: str,
        *,
        columns: Sequence[Column],
        order: Sequence[str],
        query: Any,
        values: Sequence[Any] = (),
        scope: Callable[[], AbstractContextManager[Any]] = nullcontext,
    ) -> None:
        """All rows of a query, in its order, as one Parquet file; only the reading happens in `scope`."""
        if path in self.notes.paths():
            return
        self.step(path)
        with tempfile.TemporaryFile() as draft:
            with scope():
                rows = write_parquet(draft, tuple(columns), query, values)
            self._keep(path, draft, "table", rows=rows, columns=tuple(columns), order=tuple(order))

    def file(self, path: str, stream: IO[bytes], *, kind: str = "file") -> None:
        """A file as it stands."""
        if path in self.notes.paths():
            return
        self.step(path)
        with tempfile.TemporaryFile() as draft:
            shutil.copyfileobj(stream, draft, COPY_BYTES)
            self._keep(path, draft, kind)

    def _keep(self, path: str, draft: IO[bytes], kind: str, **more: Any) -> None:
        digest, size = digest_of(draft)
        save(self.store, f"{self.folder}/{path}", draft)
        self.notes.add(FileEntry(path=path, kind=kind, sha256=digest, size=size, **more))


def write_parquet(
    target: IO[bytes], columns: tuple[Column, ...], query: Any, values: Sequence[Any]
) -> int:
    """Rows by a server-side cursor, in memory a group at most. Returns how many there were."""
    schema, count = arrow_schema(columns), 0
    with pq.ParquetWriter(target, schema, compression="zstd", compression_level=3) as writer:
        for rows in _groups(query, values):
            arrays = [
                pa.array(list(values_of), type=kind.type)
                for values_of, kind in zip(zip(*rows, strict=True), schema, strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            count += len(rows)
    return count


def _groups(query: Any, values: Sequence[Any]) -> Iterator[list[tuple[Any, ...]]]:
    """Groups of rows, cut by number and by bytes alone: the same rows always make the same groups."""
    group: list[tuple[Any, ...]] = []
    size = 0
    with _server_cursor() as cursor:
        cursor.execute(query, list(values))
        while rows := cursor.fetchmany(FETCH_ROWS):
            for row in rows:
                group.append(row)
                size += sum(len(v) for v in row if isinstance(v, bytes | str | memoryview))
                if len(group) >= GROUP_ROWS or size >= GROUP_BYTES:
                    yield group
                    group, size = [], 0
    if group:
        yield group


@contextmanager
def _server_cursor() -> Iterator[Any]:
    with transaction.atomic():
        # Sets search path and role first: inside DECLARE nothing else may run.
        with connection.cursor() as first:
            first.execute("SELECT 1")
        with connection.chunked_cursor() as cursor:
            yield cursor


def digest_of(stream: IO[bytes]) -> tuple[str, int]:
    """(SHA-256 in hex, size) of a stream from its start; leaves it there."""
    digest, size = hashlib.sha256(), 0
    stream.seek(0)
    while piece := stream.read(COPY_BYTES):
        digest.update(piece)
        size += len(piece)
    stream.seek(0)
    return digest.hexdigest(), size


def save(store: Storage, name: str, content: IO[bytes]) -> None:
    """Under exactly this name; what a killed attempt left there is replaced."""
    if store.exists(name):
        store.delete(name)
    content.seek(0)
    kept = store.save(name, File(content))
    if kept != name:
        store.delete(kept)
        raise FileExistsError(name)
