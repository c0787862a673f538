"""Who of the platform acted, in the form that rows keep; and that it was a person."""

from uuid import UUID

from accounts import policies
from accounts.models import User
from core.actors import Actor
from core.errors import Forbidden


def key_of(actor: Actor) -> str:
    """`kind:id`, so that a client and a person never look alike."""
    return f"{actor.kind}:{actor.id}"[:140]


def require_person(actor: Actor, code: str) -> None:
    """Raise `Forbidden` unless a person of the platform holds the permission. In the platform's scope.

    Clients never approve, nor do commands, which act as `ops` too but have no account behind them.
    """
    if actor.kind != "ops" or not _has_account(actor.id):
        raise Forbidden("Only a person does this.", code="person_required")
    policies.require(actor, code)


def _has_account(actor_id: str) -> bool:
    try:
        key = UUID(actor_id)
    except ValueError:
        return False
    return bool(User.objects.filter(pk=key, is_active=True).exists())
