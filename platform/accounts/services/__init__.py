from accounts.services.clients import create_client, revoke_client
from accounts.services.people import (
    accept_invitation,
    change_person,
    find_invitation,
    invite_person,
)

__all__ = [
    "accept_invitation",
    "change_person",
    "create_client",
    "find_invitation",
    "invite_person",
    "revoke_client",
]
