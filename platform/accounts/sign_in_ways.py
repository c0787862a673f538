"""Further ways in, shown on the login page; a module above registers its own at start-up."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Way:
    """A button: what stands on it, and the address it leads to on this host."""

    label: str
    place: str


# Asked in the scope in force: None where the way is not set up.
FindWay = Callable[[], Way | None]
_ways: dict[str, FindWay] = {}


def register_way(name: str, find: FindWay) -> None:
    _ways[name] = find


def ways() -> list[Way]:
    """The ways there are in the scope in force."""
    return [way for find in _ways.values() if (way := find()) is not None]
