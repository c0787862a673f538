"""The trail's own entries, and the tombstones of purged rows, as sealed streams."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from audit.engine.entry import EntryContent, TombstoneContent, entry_hash, tombstone_hash
from audit.keys import row_keys
from audit.streams import Stream, register

COLUMNS = tuple(name for name in EntryContent.__slots__ if name != "id")


def expected_hashes(schema: str, row: Mapping[str, Any]) -> Sequence[bytes]:
    """What `row_hash` of this entry may be."""
    values = {name: row[name] for name in EntryContent.__slots__}
    if isinstance(values["detail"], str | bytes):
        values["detail"] = json.loads(values["detail"])
    content = EntryContent(**values)
    return [entry_hash(key, content) for key in row_keys(schema)]


TOMBSTONE, TOMBSTONE_TABLE = "tombstone", "audit_tombstone"
TOMBSTONE_COLUMNS = ("at", "stream", "row_ids", "reason")


def expected_tombstone_hashes(schema: str, row: Mapping[str, Any]) -> Sequence[bytes]:
    """What `row_hash` of this tombstone may be."""
    content = TombstoneContent(
        row["id"], row["at"], row["stream"], tuple(row["row_ids"]), row["reason"]
    )
    return [tombstone_hash(key, content) for key in row_keys(schema)]


def register_entries() -> None:
    register(Stream("audit", "audit_auditentry", COLUMNS, expected_hashes))
    register(Stream(TOMBSTONE, TOMBSTONE_TABLE, TOMBSTONE_COLUMNS, expected_tombstone_hashes))
