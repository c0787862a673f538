"""How long each kind of record is kept: every module registers what it keeps, with how to count and how to purge it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Rule:
    """Days a kind is kept by default and at least, and the text that asks for the least."""

    days: int
    minimum: int
    source: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """What no purge touches: people by their id in the key store, datasets by id, whole kinds by code."""

    subjects: frozenset[bytes] = frozenset()
    datasets: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Survey:
    """What is old enough to go, and what of it a legal hold keeps."""

    due: int
    held: int


@dataclass(frozen=True, slots=True)
class Piece:
    """What is purged at once: up to `limit` records older than `before` that nothing holds."""

    before: datetime
    held: Held
    limit: int
    reason: str


@dataclass(frozen=True, slots=True)
class RecordKind:
    """`purge` removes one piece in the caller's transaction and returns how many; 0 says that nothing is left.

    It runs under the migrating login, which alone may delete rows that otherwise only grow.
    """

    code: str
    label: Any
    rules: Mapping[str, Rule]
    survey: Callable[[datetime, Held], Survey]
    purge: Callable[[Piece], int]
    order: int = 50
    # What is said of it on the page: what goes and what stays.
    note: Any = ""

    def rule(self, jurisdiction: str) -> Rule:
        return self.rules.get(jurisdiction) or self.rules[""]


_kinds: dict[str, RecordKind] = {}


def register_kind(kind: RecordKind) -> None:
    """Called at start-up, once a kind."""
    _kinds[kind.code] = kind


def kinds() -> list[RecordKind]:
    """All kinds; what refers to others goes first when purged."""
    return sorted(_kinds.values(), key=lambda kind: (kind.order, kind.code))


def find_kind(code: str) -> RecordKind | None:
    return _kinds.get(code)
