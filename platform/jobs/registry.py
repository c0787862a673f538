"""Which function runs a kind of job, and how such a job behaves."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jobs.choices import Priority, Queue
from jobs.context import JobContext

Handler = Callable[[JobContext], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class JobKind:
    """`handler` gets a context and returns the result; it must be safe to run again from its checkpoint."""

    kind: str
    queue: Queue
    handler: Handler
    unit: str = ""
    max_attempts: int = 5
    priority: Priority = Priority.NORMAL


_kinds: dict[str, JobKind] = {}


def register(kind: JobKind) -> None:
    """Register once, at start-up. Raises ValueError when the kind is taken."""
    if kind.kind in _kinds and _kinds[kind.kind] != kind:
        raise ValueError(f"Job kind {kind.kind!r} is registered twice.")
    _kinds[kind.kind] = kind


def find(kind: str) -> JobKind:
    """Raises LookupError when nobody registered the kind."""
    try:
        return _kinds[kind]
    except KeyError:
        raise LookupError(f"Unknown job kind {kind!r}.") from None


def kinds() -> dict[str, JobKind]:
    return dict(_kinds)
