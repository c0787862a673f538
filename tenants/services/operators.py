"""Who of the platform acted, in the form that rows keep; and that it was a person."""

from accounts import policies
from core.actors import Actor
from core.errors import Forbidden


def key_of(actor: Actor) -> str:
    """`kind:id`, so that a client and a person never look alike."""
    return f"{actor.kind}:{actor.id}"[:140]


def require_person(actor: Actor, code: str) -> None:
    """Raise `Forbidden` unless a person holds the permission; clients and the platform never approve."""
    if actor.kind != "user":
        raise Forbidden("Only a person does this.", code="person_required")
    policies.require(actor, code)
