"""Who keeps what of a person: modules register at start-up, `compliance` asks them all when a person is erased.

Keys of people are destroyed by the vault. What is left is what does not stand under a person's key: rows of files that
many share. A holder finds them by the person's references and removes them so that older copies die as well.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Person:
    """Everything by which one person is known in a bank.

    `subjects` are ids in the key store; `customers` and `applications` the bank's own words; `identities` further
    values by the name of the column they stand in, for instance an identity card's number.
    """

    subjects: frozenset[bytes] = frozenset()
    customers: frozenset[str] = frozenset()
    applications: frozenset[str] = frozenset()
    identities: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def references(self) -> frozenset[str]:
        """All words of the bank for this person."""
        return self.customers | self.applications


@dataclass(frozen=True, slots=True)
class Found:
    """How much of a person stands where: `kind` is a kind of record, `target` an object's id or empty."""

    kind: str
    target: str
    count: int


Step = Callable[[], None]


def _nothing_to_remove(person: Person, step: Step) -> Mapping[str, int]:
    return {}


@dataclass(frozen=True, slots=True)
class Holder:
    """A module's part. `expand` learns more references before keys are destroyed; `find` only looks.

    `remove` takes out what no key covers and returns counts by name; it may run again after a crash, and calls `step`
    between pieces, which raises when the job was cancelled or taken over.
    """

    key: str
    expand: Callable[[Person], Person]
    find: Callable[[Person], list[Found]]
    remove: Callable[[Person, Step], Mapping[str, int]] = _nothing_to_remove


_holders: dict[str, Holder] = {}


def register_holder(holder: Holder) -> None:
    _holders[holder.key] = holder


def holders() -> list[Holder]:
    """All holders in the order of their keys."""
    return [_holders[key] for key in sorted(_holders)]
