"""The authentication code of one entry: whoever has no key cannot write or alter one unnoticed."""

import hmac
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from audit.engine.canonical import canonical_json


@dataclass(frozen=True, slots=True)
class EntryContent:
    """What an entry says; `at` is aware, to the microsecond."""

    id: uuid.UUID
    at: datetime
    actor_kind: str
    actor_id: str
    actor_label: str
    action: str
    target: str
    target_id: str
    detail: Mapping[str, Any]
    personal: bool
    request_id: str


def entry_bytes(content: EntryContent) -> bytes:
    """The content in its canonical form."""
    return canonical_json(
        [
            "entry-v1", str(content.id), content.at.astimezone(UTC).isoformat(timespec="microseconds"),
            content.actor_kind, content.actor_id, content.actor_label, content.action, content.target,
            content.target_id, content.detail, content.personal, content.request_id,
        ]
    )  # fmt: skip


def entry_hash(key: bytes, content: EntryContent) -> bytes:
    """HMAC-SHA256 (32 bytes) of the canonical form."""
    return hmac.digest(key, entry_bytes(content), "sha256")


@dataclass(frozen=True, slots=True)
class TombstoneContent:
    """Which rows of a stream a purge removed."""

    id: uuid.UUID
    at: datetime
    stream: str
    row_ids: tuple[uuid.UUID, ...]
    reason: str


def tombstone_hash(key: bytes, content: TombstoneContent) -> bytes:
    """HMAC-SHA256 (32 bytes) of the canonical form."""
    parts = [
        "tombstone-v1", str(content.id), content.at.astimezone(UTC).isoformat(timespec="microseconds"),
        content.stream, [str(row_id) for row_id in content.row_ids], content.reason,
    ]  # fmt: skip
    return hmac.digest(key, canonical_json(parts), "sha256")
