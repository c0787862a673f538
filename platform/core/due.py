"""Work that comes back for every bank: which banks are due now, from one index.

    for schema in take_due("compliance.purge", limit=50):     # inside a transaction of the public scope
        ...
        put_off("compliance.purge", schema, until)

Rows taken are locked until the transaction ends and skipped by another keeper.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection


def enrol(work: str, schemas: Sequence[str], due_at: datetime) -> int:
    """Give banks that have none a first moment. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO public.bank_due (schema_name, work, due_at)"
            " SELECT name, %s, %s FROM unnest(%s::text[]) AS new (name) ON CONFLICT DO NOTHING",
            [work, due_at, list(schemas)],
        )
        return int(cursor.rowcount)


def take_due(work: str, *, moment: datetime, limit: int) -> list[str]:
    """Schemas whose moment has come, the longest waiting first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT schema_name FROM public.bank_due WHERE work = %s AND due_at <= %s"
            " ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED",
            [work, moment, limit],
        )
        return [row[0] for row in cursor.fetchall()]


def put_off(work: str, schema: str, due_at: datetime) -> None:
    """The bank's next moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE public.bank_due SET due_at = %s WHERE work = %s AND schema_name = %s",
            [due_at, work, schema],
        )


def forget(work: str, schema: str) -> None:
    """The bank is gone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM public.bank_due WHERE work = %s AND schema_name = %s", [work, schema]
        )
