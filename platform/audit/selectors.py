"""Reading the trail of the scope in force, in batches that fit into memory."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db import DataError, connection
from psycopg import sql

from audit.engine.chain import Link, SealedLink
from audit.models import AuditSeal, PendingSeal
from audit.streams import Stream
from core.tenancy import current_context

BATCH = 5_000
_FIRST_ID = uuid.UUID(int=0)
WAITING_SHOWN = 1_000


def last_seal_number() -> int:
    """Number of the newest seal, 0 before the first."""
    last = AuditSeal.objects.order_by("-seq").values_list("seq", flat=True).first()
    return last or 0


def waiting_rows() -> int:
    """Rows that wait for their seal, counted up to `WAITING_SHOWN`."""
    return len(PendingSeal.objects.values_list("pk")[:WAITING_SHOWN])


def seal_of(stream: str, row_id: uuid.UUID) -> AuditSeal | None:
    """The seal of one row, or None while it waits."""
    return AuditSeal.objects.filter(stream=stream, row_id=row_id).first()


def seal_batches() -> Iterator[list[SealedLink]]:
    """All seals in the order of their numbers."""
    after = -(2**63)
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT seq, stream, row_id, row_hash, CASE WHEN sealed_at BETWEEN '1970-01-02' AND '9999-01-01'"
                " THEN sealed_at ELSE '1970-01-01Z' END, mac FROM audit_auditseal"
                " WHERE seq > %s ORDER BY seq LIMIT %s",
                [after, BATCH],
            )
            batch = [
                SealedLink(Link(seq, stream, row_id, bytes(row_hash), at), bytes(mac))
                for seq, stream, row_id, row_hash, at, mac in cursor
            ]
        if not batch:
            return
        yield batch
        after = batch[-1].link.seq


def present_tables() -> frozenset[str]:
    """Tables of the scope's own schema; a sealed table of banks alone is not in public."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = %s",
            [current_context().schema],
        )
        return frozenset(row[0] for row in cursor.fetchall())


def rows_by_id(stream: Stream, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Mapping[str, Any]]:
    """Rows of a sealed table by id; one that is gone is left out.

    A row that holds what Python cannot (a time of `infinity`, the year 300000) comes with its id and an empty hash: it
    was never written like that, and must not keep the others from being checked.
    """
    query = sql.SQL("SELECT {columns} FROM {table} WHERE id = ANY(%s)").format(
        columns=_columns(stream), table=sql.Identifier(stream.table)
    )
    try:
        with connection.cursor() as cursor:
            cursor.execute(query, [list(ids)])
            return {row[0]: _as_mapping(stream, row) for row in cursor.fetchall()}
    except DataError:
        if len(ids) == 1:
            return {ids[0]: {"id": ids[0], stream.hash_column: b""}}
    half = len(ids) // 2
    return {**rows_by_id(stream, ids[:half]), **rows_by_id(stream, ids[half:])}


def tombstones_of(stream: str, ids: Sequence[uuid.UUID]) -> list[Mapping[str, Any]]:
    """Tombstones that name any of these rows, as the verification reads rows."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, row_hash, at, stream, row_ids, reason FROM audit_tombstone"
            " WHERE stream = %s AND row_ids && %s::uuid[]",
            [stream, list(ids)],
        )
        names = ("id", "row_hash", "at", "stream", "row_ids", "reason")
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return [{**row, "row_hash": bytes(row["row_hash"])} for row in rows]


def unsealed_batches(stream: Stream) -> Iterator[dict[uuid.UUID, bool]]:
    """Ids of rows without a seal, each with whether it waits for one."""
    query = sql.SQL(
        "SELECT id, EXISTS (SELECT FROM audit_pendingseal AS p WHERE p.stream = %s AND p.row_id = t.id)"
        " FROM {table} AS t WHERE id > %s AND NOT EXISTS"
        " (SELECT FROM audit_auditseal AS s WHERE s.stream = %s AND s.row_id = t.id)"
        " ORDER BY id LIMIT %s"
    ).format(table=sql.Identifier(stream.table))
    after = _FIRST_ID
    while True:
        with connection.cursor() as cursor:
            cursor.execute(query, [stream.name, after, stream.name, BATCH])
            batch = dict(cursor.fetchall())
        if not batch:
            return
        yield batch
        after = max(batch)


def _columns(stream: Stream) -> sql.Composable:
    names = ("id", stream.hash_column, *stream.columns)
    return sql.SQL(", ").join(sql.Identifier(name) for name in names)


def _as_mapping(stream: Stream, row: Sequence[Any]) -> Mapping[str, Any]:
    names = ("id", stream.hash_column, *stream.columns)
    values = dict(zip(names, row, strict=True))
    values[stream.hash_column] = bytes(values[stream.hash_column])
    return values
