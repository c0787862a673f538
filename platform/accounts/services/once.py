"""Things that are taken once: assertions of clients, logout tokens of identity providers."""

import hashlib
from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.models import UsedAssertion


def use_once(name: str, *, until: datetime) -> bool:
    """True for the first who uses this name, False for everybody after, decided by PostgreSQL."""
    key = hashlib.sha256(name.encode()).hexdigest()
    try:
        with transaction.atomic():
            UsedAssertion.objects.create(key=key, expires_at=until)
    except IntegrityError:
        return False
    return True
