"""That a person acts, and another one than before."""

from accounts import policies
from core.actors import Actor
from core.errors import Forbidden, FourEyes, field_error

REASON_LENGTH = 1_000


def require_person(actor: Actor, code: str) -> None:
    """Raise `Forbidden` unless a person of the bank holds the permission."""
    if actor.kind != "user":
        raise Forbidden("Only a person does this, in the admin.", code="person_required")
    policies.require(actor, code)


def require_another(actor: Actor, first: str) -> None:
    """Raise `FourEyes` when the actor is who acted first (`kind:id`)."""
    if actor.key == first:
        raise FourEyes("Who asked for it does not approve it.")


def checked_reason(reason: str, field: str = "reason") -> str:
    """A sentence of 1 to 1,000 characters. Raises `InvalidInput`."""
    text = reason.strip()
    if not text or len(text) > REASON_LENGTH or "\x00" in text:
        raise field_error(
            f"/{field}", "required", f"A reason of 1 to {REASON_LENGTH} characters is required."
        )
    return text
