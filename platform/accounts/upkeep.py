"""Hourly upkeep: expired tokens and used assertions are of no use to anybody."""

from oauth2_provider.models import get_access_token_model

from accounts.models import UsedAssertion
from core.clock import now
from core.tenancy import bank_directory, bank_scope


def remove_expired() -> int:
    """Delete them in the public schema, where this runs, and in each bank; returns how many rows went."""
    gone = _here()
    for bank in bank_directory().active():
        with bank_scope(bank):
            gone += _here()
    return gone


def _here() -> int:
    tokens, _ = get_access_token_model().objects.filter(expires__lt=now()).delete()
    used, _ = UsedAssertion.objects.filter(expires_at__lt=now()).delete()
    return int(tokens) + int(used)
