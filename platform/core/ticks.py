"""Small periodic work of the keeper process; modules register theirs at start-up."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tick:
    """`run` is called every `seconds`, in the public scope; it must be safe in two keepers at once."""

    name: str
    seconds: float
    run: Callable[[], object]


_ticks: dict[str, Tick] = {}


def register_tick(tick: Tick) -> None:
    _ticks[tick.name] = tick


def ticks() -> list[Tick]:
    return list(_ticks.values())
