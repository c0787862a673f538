"""The authentication code of a decision: whoever has no key cannot write or alter one unnoticed."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from audit.keys import row_keys
from audit.streams import Stream, register
from scoring.engine.artifact import canonical

STREAM, TABLE = "decision", "scoring_decision"
COLUMNS = (
    "application_id", "model_id", "model_version_id", "policy_version_id", "kind", "slot", "payload", "input_hash",
    "score", "pd", "grade", "outcome", "output", "output_hash", "engine", "client", "client_label", "idempotency_key",
    "position", "body_hash", "decided_at", "latency_us",
)  # fmt: skip
_JSON = frozenset({"output", "engine"})


def row_hash(key: bytes, row: Mapping[str, Any], known: Mapping[str, str] | None = None) -> bytes:
    """HMAC-SHA256 (32 bytes) over every column of a decision.

    `known` holds digests of JSON columns the writer has made already; who verifies makes them anew.
    """
    known = known or {}
    parts = ["decision-v1", str(row["id"])]
    for name in COLUMNS:
        value = row[name]
        plain = type(value) is str and name not in _JSON
        parts.append(known.get(name) or (value if plain else _text(name, value)))
    return hmac.digest(key, canonical(parts), "sha256")


def json_digest(document: Any) -> str:
    """SHA-256 of a JSON column's canonical form."""
    return hashlib.sha256(canonical(document)).hexdigest()


def _text(name: str, value: Any) -> str:
    if name in _JSON:
        parsed = json.loads(value) if isinstance(value, str | bytes) else value
        return json_digest(parsed)
    if isinstance(value, UUID | int):
        return str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return hashlib.sha256(value).hexdigest()
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, float):
        return value.hex()
    return str(value)


def expected_hashes(schema: str, row: Mapping[str, Any]) -> Sequence[bytes]:
    """What `row_hash` of this decision may be."""
    return [row_hash(key, row) for key in row_keys(schema)]


def register_decisions() -> None:
    """Called once at start-up."""
    register(Stream(STREAM, TABLE, COLUMNS, expected_hashes))
