"""Stored answers go when their time is over."""

import logging

from django.db import connection

from core.clock import now
from core.tenancy import bank_directory, bank_scope, public_scope

PURGE_SECONDS = 3_600.0
BATCH = 5_000
log = logging.getLogger(__name__)


def purge() -> int:
    """Delete what expired in the scope in force, in short transactions; how many."""
    gone = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM idempotency_storedanswer WHERE id IN (SELECT id FROM idempotency_storedanswer "
                "WHERE expires_at <= %s ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED)",
                [now(), BATCH],
            )
            gone += cursor.rowcount
            if cursor.rowcount < BATCH:
                return gone


def purge_everywhere() -> int:
    """The keeper's tick: the platform's own table, then each bank's. One bank's fault keeps no other waiting."""
    with public_scope():
        gone = purge()
    for bank in bank_directory().active():
        try:
            with bank_scope(bank):
                gone += purge()
        except Exception:
            log.exception("stored answers of %s were not purged", bank.schema)
    return gone
