"""The trail's own entries as a sealed stream."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from audit.engine.entry import EntryContent, entry_hash
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


def register_entries() -> None:
    register(Stream("audit", "audit_auditentry", COLUMNS, expected_hashes))
