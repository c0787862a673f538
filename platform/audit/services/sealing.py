"""Linking committed rows into the chain of the scope in force, and finding the banks that have
some.
"""

import logging
import time
import uuid
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from django.db import connection, transaction

from audit.engine.chain import GENESIS, Link, extend
from audit.keys import seal_keys
from core.clock import now
from core.rounds import BankRound
from core.tenancy import (
    PUBLIC_SCHEMA,
    UnknownBank,
    bank_directory,
    bank_scope,
    current_context,
    public_scope,
)

log = logging.getLogger(__name__)

BATCH = 5_000
# A flood of one bank gives way to the others after so many rows; the rest follows in the next
# round.
ROUNDS = 4
# Transactions that found the bank marked by another one, and commit later than that, are waited for
# so long.
STAYS_ACTIVE_SECONDS = 60.0
# Banks looked at each second although nobody marked them, so that a mark lost in a crash is made good.
UNMARKED_BANKS = 5

_TAKE = """
WITH taken AS (
    DELETE FROM audit_pendingseal
    WHERE id IN (SELECT id FROM audit_pendingseal ORDER BY id LIMIT %s)
    RETURNING id, stream, row_id, row_hash
)
SELECT stream, row_id, row_hash FROM taken
WHERE NOT EXISTS (
    SELECT FROM audit_auditseal AS seal WHERE seal.stream = taken.stream AND seal.row_id = taken.row_id
)
ORDER BY id
"""
_ADD = """
INSERT INTO audit_auditseal (seq, stream, row_id, row_hash, mac, sealed_at)
SELECT seq, stream, row_id, row_hash, mac, %s
FROM unnest(%s::bigint[], %s::text[], %s::uuid[], %s::bytea[], %s::bytea[])
    AS new (seq, stream, row_id, row_hash, mac)
"""


def seal_pending(limit: int = BATCH) -> int:
    """Seal up to `limit` rows that wait in the scope in force. Returns how many waited.

    0 also when another sealer is at work.
    """
    schema = current_context().schema
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"audit-seal:{schema}"]
        )
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(_TAKE, [limit])
        waiting = {(stream, row_id): bytes(row_hash) for stream, row_id, row_hash in cursor}
        if not waiting:
            return 0
        cursor.execute("SELECT seq, mac FROM audit_auditseal ORDER BY seq DESC LIMIT 1")
        seq, mac = cursor.fetchone() or (0, GENESIS)
        at = now()
        links = [
            Link(seq + place, stream, row_id, row_hash, at)
            for place, ((stream, row_id), row_hash) in enumerate(waiting.items(), start=1)
        ]
        macs = extend(seal_keys(schema)[0], bytes(mac), links)
        cursor.execute(_ADD, [at, *_columns(links), macs])
    return len(links)


def _columns(links: list[Link]) -> tuple[list[int], list[str], list[uuid.UUID], list[bytes]]:
    return (
        [link.seq for link in links],
        [link.stream for link in links],
        [link.row_id for link in links],
        [link.row_hash for link in links],
    )


def scope_of(schema: str) -> AbstractContextManager[object]:
    """The scope of a schema, the platform's or a bank's."""
    return public_scope() if schema == PUBLIC_SCHEMA else bank_scope(schema)


def all_schemas() -> list[str]:
    """The platform's schema and those of all banks being served."""
    return [PUBLIC_SCHEMA, *(bank.schema for bank in bank_directory().active())]


@dataclass(slots=True)
class Sealer:
    """The keeper's memory between rounds; losing it begins the round over unmarked banks anew."""

    active_until: dict[str, float] = field(default_factory=dict)
    unmarked: BankRound = field(default_factory=lambda: BankRound(most=UNMARKED_BANKS))
    # Schemas with seals that no checkpoint covers yet.
    uncovered: set[str] = field(default_factory=set)

    def seal_due(self) -> int:
        """One round. Returns the number of rows sealed."""
        moment = time.monotonic()
        for schema in _take_dirty():
            self.active_until[schema] = moment + STAYS_ACTIVE_SECONDS
        self.active_until = {s: until for s, until in self.active_until.items() if until > moment}
        schemas = list(self.active_until)
        unmarked = [PUBLIC_SCHEMA, *(bank.schema for bank in self.unmarked.next())]
        schemas += [schema for schema in unmarked if schema not in self.active_until]
        return sum(self._seal(schema) for schema in schemas)

    def _seal(self, schema: str) -> int:
        sealed = 0
        try:
            with scope_of(schema):
                for _round in range(ROUNDS):
                    count = seal_pending()
                    sealed += count
                    if count < BATCH:
                        break
        except UnknownBank:
            self.active_until.pop(schema, None)
        except Exception:
            # One bank's trouble must not leave the others unsealed; this one is tried again in the
            # next round.
            log.exception("sealing %s failed", schema)
        if sealed:
            self.uncovered.add(schema)
        return sealed


def _take_dirty() -> list[str]:
    """Schemas marked since the last round. The mark goes first: rows committed after it mark anew."""
    with public_scope(), connection.cursor() as cursor:
        cursor.execute("SELECT public.audit_take_dirty()")
        return [row[0] for row in cursor.fetchall()]
