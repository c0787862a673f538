"""Deleting rows that otherwise only grow: by their tables' owner alone, with a tombstone where they are sealed."""

import uuid
from collections.abc import Sequence

from django.db import connection, transaction
from psycopg import sql

from audit.engine.entry import TombstoneContent, tombstone_hash
from audit.keys import row_keys
from audit.models import Tombstone
from core.clock import now
from core.ids import new_id
from core.tenancy import current_bank, owner_scope

# Rows a tombstone names: few enough that reading one is nothing, many enough that they are few.
ROWS_PER_STONE = 1_000


def purge_rows(
    *, table: str, ids: Sequence[uuid.UUID], reason: str, stream: str = "", column: str = "id"
) -> int:
    """Delete rows of the bank in force and return how many; `stream` is the table's sealed stream, if it has one.

    Needs the migrating login: the web login cannot become a table's owner. The statement, its tombstones and the
    caller's work are one transaction.
    """
    if not ids:
        return 0
    schema = current_bank().schema
    with transaction.atomic(), owner_scope(schema):
        if stream:
            _bury(schema, stream, ids, reason)
        return _delete(table, column, ids)


def _bury(schema: str, stream: str, ids: Sequence[uuid.UUID], reason: str) -> None:
    key, at = row_keys(schema)[0], now()
    for start in range(0, len(ids), ROWS_PER_STONE):
        content = TombstoneContent(
            new_id(), at, stream, tuple(ids[start : start + ROWS_PER_STONE]), reason[:200]
        )
        Tombstone(
            id=content.id,
            at=at,
            stream=stream,
            row_ids=list(content.row_ids),
            reason=content.reason,
            row_hash=tombstone_hash(key, content),
        ).save(force_insert=True)


def _delete(table: str, column: str, ids: Sequence[uuid.UUID]) -> int:
    query = sql.SQL("DELETE FROM {table} WHERE {column} = ANY(%s)").format(
        table=sql.Identifier(table), column=sql.Identifier(column)
    )
    with connection.cursor() as cursor:
        # For this transaction, and named so that a forgotten one opens no other table.
        cursor.execute("SELECT set_config('panorama.purge', %s, true)", [table])
        cursor.execute(query, [list(ids)])
        deleted = cursor.rowcount
        cursor.execute("SELECT set_config('panorama.purge', '', true)")
    return int(deleted)
