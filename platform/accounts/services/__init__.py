from accounts.services.clients import create_client, revoke_client, rotate_secret
from accounts.services.people import (
    accept_invitation,
    change_person,
    find_invitation,
    invite_again,
    invite_person,
)

__all__ = [
    "accept_invitation",
    "change_person",
    "create_client",
    "find_invitation",
    "invite_again",
    "invite_person",
    "revoke_client",
    "rotate_secret",
]
