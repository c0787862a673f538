"""Whom a command acts for: an operator of the platform, named by e-mail, so that two people stay two."""

from django.core.management.base import CommandError

from accounts.choices import Role
from accounts.models import User
from core.actors import Actor
from core.errors import ProblemError
from core.tenancy import public_scope


def operator(email: str) -> Actor:
    """The active operator of this e-mail. Raises CommandError when there is none."""
    with public_scope():
        person = User.objects.filter(email__iexact=email, is_active=True).first()
        if person is None or Role.OPERATOR not in person.roles:
            raise CommandError(f"{email} is not an operator of this platform.")
        actor: Actor = person.as_actor()
        return actor


def spoken(error: ProblemError) -> CommandError:
    """A refusal as the command line says it."""
    lines = [
        f"{error.code}: {error.detail}",
        *(f"  {each.pointer}: {each.detail}" for each in error.errors),
    ]
    return CommandError("\n".join(lines))
