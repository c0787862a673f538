"""Locks of compliance: one for the bank, because a hold and an erasure must not pass each other unseen."""

from django.db import connection

from compliance.models import Erasure, LegalHold
from core.errors import NotFound
from core.tenancy import current_bank


def lock_bank() -> None:
    """Wait for whoever holds, erases or purges in this bank right now; until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"compliance:{current_bank().schema}"],
        )


def locked_hold(hold_id: str) -> LegalHold:
    """Raises `NotFound`."""
    row: LegalHold | None = LegalHold.objects.select_for_update().filter(pk=hold_id).first()
    if row is None:
        raise NotFound("No such legal hold.")
    return row


def locked_erasure(erasure_id: str) -> Erasure:
    """Raises `NotFound`."""
    row: Erasure | None = Erasure.objects.select_for_update().filter(pk=erasure_id).first()
    if row is None:
        raise NotFound("No such erasure.")
    return row
