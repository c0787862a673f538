"""Who acts: passed explicitly to every service and written into every audit entry."""

from dataclasses import dataclass
from typing import Literal

ActorKind = Literal["user", "client", "system", "ops"]


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, an API client or the platform itself. `label` is what a reader of the audit trail sees."""

    kind: ActorKind
    id: str
    label: str
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    request_id: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.label}"

    @property
    def key(self) -> str:
        """`kind:id`, so that a client and a person never look alike; what four eyes are compared by."""
        return f"{self.kind}:{self.id}"[:140]


def system_actor(name: str) -> Actor:
    """The platform acting on its own, for instance `sweeper`."""
    return Actor(kind="system", id=name, label=name)
