"""Steps of a bank's life that modules register; `tenants` owns their order and the bank's state."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.tenancy import BankContext
from tenants.archive.reading import ArchiveSource
from tenants.archive.writing import ExportSink

Spec = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Proof:
    """A question whose answer shows that nothing of a kind is left: `found` things, 0 when it is all gone."""

    what: str
    query: str
    found: int


def _nothing(bank: BankContext, spec: Spec) -> None:
    """Default of a step that has nothing to do or verify."""


def _no_export(bank: BankContext, sink: ExportSink) -> None:
    """Default of a step that has nothing to export."""


def _no_restore(bank: BankContext, source: ArchiveSource) -> None:
    """Default of a step that has nothing to bring back."""


def _no_purge(bank: BankContext) -> Mapping[str, Any]:
    """Default of a step that leaves nothing."""
    return {}


def _no_proof(bank: BankContext) -> Sequence[Proof]:
    return ()


@dataclass(frozen=True, slots=True)
class Step:
    """One idempotent piece of a bank's life. `after` names steps that come first.

    All functions run in the public scope under the admin login and may be repeated after a crash. Onboarding calls
    `apply(bank, spec)`, then `verify`, which raises when the step's effect is not there. An export calls `export` in
    the same order, an import `restore`; the drop of a bank calls `purge` in reverse order, which returns what it
    removed (counts, never rows), and then `proofs`.
    """

    key: str
    apply: Callable[[BankContext, Spec], None] = _nothing
    after: tuple[str, ...] = ()
    verify: Callable[[BankContext, Spec], None] = _nothing
    export: Callable[[BankContext, ExportSink], None] = _no_export
    restore: Callable[[BankContext, ArchiveSource], None] = _no_restore
    purge: Callable[[BankContext], Mapping[str, Any]] = _no_purge
    proofs: Callable[[BankContext], Sequence[Proof]] = _no_proof

    @property
    def purges(self) -> bool:
        return self.purge is not _no_purge


_steps: dict[str, Step] = {}


def register(step: Step) -> None:
    _steps[step.key] = step


def ordered() -> list[Step]:
    """Steps in an order that honours `after`, ties by key. Raises ValueError on a cycle or an unknown name."""
    out: list[Step] = []
    done: set[str] = set()
    waiting = sorted(_steps.values(), key=lambda s: s.key)
    while waiting:
        ready = [s for s in waiting if set(s.after) <= done]
        if not ready:
            raise ValueError(f"Steps wait for each other: {[s.key for s in waiting]}")
        out += ready
        done |= {s.key for s in ready}
        waiting = [s for s in waiting if s.key not in done]
    return out
