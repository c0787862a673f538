"""Steps of a bank's life that modules register; `tenants` owns their order and the bank's state."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from core.tenancy import BankContext

Spec = Mapping[str, Any]


def _nothing(bank: BankContext, spec: Spec) -> None:
    """Default of a step that has nothing to verify."""


@dataclass(frozen=True, slots=True)
class Step:
    """One idempotent piece of onboarding. `after` names steps that come first.

    `apply(bank, spec)` runs in the public scope under the admin login and may be repeated after a crash; `verify`
    raises when the step's effect is not there.
    """

    key: str
    apply: Callable[[BankContext, Spec], None]
    after: tuple[str, ...] = ()
    verify: Callable[[BankContext, Spec], None] = _nothing


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
