"""What an export says of itself: every file with its SHA-256, every table with columns, order and rows.

`Contents` is canonical: two exports of the same bank's data have equal contents, byte for byte, whoever made them and
when. The rest of the manifest (who, when, for whom) is not part of what is compared.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

FORMAT, VERSION = "panorama-bank-export", 1
MANIFEST, SIGNATURE, KEYS = "manifest.json", "manifest.sig", "keys.sealed"


@dataclass(frozen=True, slots=True)
class Column:
    """`type` is PostgreSQL's; `text` says that the Parquet column holds PostgreSQL's text form of it."""

    name: str
    type: str
    text: bool


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file: `kind` is table, object (a stored file, encrypted as it stands) or file."""

    path: str
    kind: str
    sha256: str
    size: int
    rows: int | None = None
    columns: tuple[Column, ...] = ()
    order: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Counter:
    """Where a sequence stands."""

    name: str
    value: int
    called: bool


@dataclass(frozen=True, slots=True)
class Contents:
    """The canonical part. `realm` is what keys and seals are bound to, `migrations` the newest of each app."""

    realm: str
    schema_version: str
    migrations: Mapping[str, str]
    files: tuple[FileEntry, ...]
    counters: tuple[Counter, ...]
    left_out: Mapping[str, str]

    def digest(self) -> str:
        """SHA-256 (hex) of the whole: covers each file's own SHA-256."""
        return hashlib.sha256(canonical(asdict(self))).hexdigest()

    def of_kind(self, kind: str) -> tuple[FileEntry, ...]:
        return tuple(entry for entry in self.files if entry.kind == kind)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The whole statement that is signed. `bank` holds name, settings and hosts; `keys_sha256` is of `keys.sealed`."""

    export_id: str
    exported_at: str
    exported_by: str
    bank: Mapping[str, Any]
    recipient: str
    keys_sha256: str
    parquet_writer: str
    contents: Contents

    def encode(self) -> bytes:
        body = {
            "format": FORMAT,
            "version": VERSION,
            **asdict(self),
            "content_sha256": self.contents.digest(),
        }
        return canonical(body)


def canonical(value: Any) -> bytes:
    """Sorted keys, no blanks, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def decode(data: bytes) -> Manifest:
    """Raises ValueError when this is not a manifest of this format and version, or its digest does not fit."""
    try:
        body = json.loads(data)
        if (body.pop("format"), body.pop("version")) != (FORMAT, VERSION):
            raise ValueError("not an export of this format and version")
        digest = body.pop("content_sha256")
        inner = body.pop("contents")
        contents = Contents(
            realm=inner["realm"],
            schema_version=inner["schema_version"],
            migrations=inner["migrations"],
            files=tuple(_file(entry) for entry in inner["files"]),
            counters=tuple(Counter(**counter) for counter in inner["counters"]),
            left_out=inner["left_out"],
        )
        manifest = Manifest(contents=contents, **body)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"the manifest lacks or adds a member: {error}") from error
    if contents.digest() != digest:
        raise ValueError("the digest of the contents does not fit them")
    return manifest


def _file(entry: dict[str, Any]) -> FileEntry:
    return FileEntry(
        **{
            **entry,
            "columns": tuple(Column(**column) for column in entry["columns"]),
            "order": tuple(entry["order"]),
        }
    )
