"""A directory or an identity provider never takes a bank's last administrator away."""

from accounts.choices import Role
from accounts.models import User
from core.errors import Conflict
from core.tenancy import PUBLIC_SCHEMA, current_schema


def keep_an_administrator(*, user: User, roles: list[str], is_active: bool) -> None:
    """Raise `Conflict` when nobody but emergency administrators could administer after the change."""
    role = Role.OPERATOR if current_schema() == PUBLIC_SCHEMA else Role.BANK_ADMIN
    if role not in user.roles or not user.is_active or (is_active and role in roles):
        return
    # Locked in one order, so that two changes at once cannot each count on the other's person.
    others = (
        User.objects.select_for_update()
        .filter(roles__contains=[role], is_active=True, emergency_slot=None)
        .order_by("pk")
    )
    if not [other for other in others if other.pk != user.pk]:
        raise Conflict(
            "This is the last administrator: name another first.", code="last_administrator"
        )
