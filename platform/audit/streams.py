"""Which tables are sealed. Each app that keeps evidence registers its table at start-up, under one
name.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Given the schema and a row (column name to value), the hashes that would be right for it, one a
# key version.
ExpectedHashes = Callable[[str, Mapping[str, Any]], Sequence[bytes]]


@dataclass(frozen=True, slots=True)
class Stream:
    """One sealed table; its rows share the bank's single chain with those of all other streams.

    `columns` are read for `expected`, beside `id` and the hash column. Values come as psycopg gives
    them; jsonb comes as text or as Python values, so `expected` has to take both.
    """

    name: str
    table: str
    columns: tuple[str, ...]
    expected: ExpectedHashes
    hash_column: str = "row_hash"


_streams: dict[str, Stream] = {}


def register(stream: Stream) -> None:
    """Register once. Raises ValueError when the name belongs to another table."""
    known = _streams.setdefault(stream.name, stream)
    if known.table != stream.table:
        raise ValueError(f"Stream {stream.name!r} is registered for {known.table}.")


def streams() -> dict[str, Stream]:
    """All streams by name."""
    return dict(_streams)
