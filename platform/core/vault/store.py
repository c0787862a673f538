"""The vault's tables, in SQL: the subject path runs with every decision and is one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection


@dataclass(frozen=True, slots=True)
class BankKeyRow:
    kind: str
    version: int
    wrapped: bytes
    master_version: int


@dataclass(frozen=True, slots=True)
class SubjectKeyRow:
    """`wrapped` is None once the key is destroyed."""

    subject: bytes
    wrapped: bytes | None
    bank_key_version: int


def bank_keys(schema: str) -> list[BankKeyRow]:
    """All keys of a bank that the role in force may see."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kind, version, wrapped, master_version FROM public.vault_bank_key WHERE schema = %s",
            [schema],
        )
        return [
            BankKeyRow(kind, version, bytes(wrapped), master)
            for kind, version, wrapped, master in cursor
        ]


def add_bank_key(schema: str, row: BankKeyRow) -> bool:
    """False when this version is there already."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO public.vault_bank_key (schema, kind, version, wrapped, master_version)"
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [schema, row.kind, row.version, row.wrapped, row.master_version],
        )
        return bool(cursor.rowcount)


def replace_wrapping(schema: str, row: BankKeyRow) -> None:
    """The same key, wrapped under another master key."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE public.vault_bank_key SET wrapped = %s, master_version = %s"
            " WHERE schema = %s AND kind = %s AND version = %s",
            [row.wrapped, row.master_version, schema, row.kind, row.version],
        )


def add_or_find_subject_key(schema: str, row: SubjectKeyRow) -> SubjectKeyRow:
    """The subject's key as stored: `row` if there was none. One statement for a new subject, two for a known one.

    Both in one statement (a CTE with UNION ALL) took longer to plan than the two take to run.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO public.vault_subject_key (schema, subject, wrapped, bank_key_version)"
            " VALUES (%s, %s, %s, %s) ON CONFLICT (schema, subject) DO NOTHING",
            [schema, row.subject, row.wrapped, row.bank_key_version],
        )
        added = cursor.rowcount == 1
        if added:
            return row
        # By `=`: the same row by `= ANY` takes twice as long.
        cursor.execute(
            "SELECT subject, wrapped, bank_key_version FROM public.vault_subject_key"
            " WHERE schema = %s AND subject = %s",
            [schema, row.subject],
        )
        return _subject_row(cursor.fetchone())


def add_subject_keys(schema: str, rows: Sequence[SubjectKeyRow]) -> None:
    """Insert those that are not there yet, ordered so that two writers never wait for each other in
    a ring.
    """
    ordered = sorted(rows, key=lambda row: row.subject)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO public.vault_subject_key (schema, subject, wrapped, bank_key_version)"
            " SELECT %s, subject, wrapped, version"
            " FROM unnest(%s::bytea[], %s::bytea[], %s::int[]) AS new (subject, wrapped, version)"
            " ON CONFLICT (schema, subject) DO NOTHING",
            [
                schema,
                [row.subject for row in ordered],
                [row.wrapped for row in ordered],
                [row.bank_key_version for row in ordered],
            ],
        )


def subject_keys(schema: str, subjects: Sequence[bytes]) -> dict[bytes, SubjectKeyRow]:
    """Keys by subject; a subject never seen is left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT subject, wrapped, bank_key_version FROM public.vault_subject_key"
            " WHERE schema = %s AND subject = ANY(%s)",
            [schema, list(subjects)],
        )
        rows = [_subject_row(found) for found in cursor]
    return {row.subject: row for row in rows}


def outdated_subject_keys(schema: str, *, version: int, limit: int) -> list[SubjectKeyRow]:
    """Living keys wrapped under an older bank key, locked until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT subject, wrapped, bank_key_version FROM public.vault_subject_key"
            " WHERE schema = %s AND bank_key_version <> %s AND destroyed_at IS NULL"
            " ORDER BY subject LIMIT %s FOR UPDATE",
            [schema, version, limit],
        )
        return [_subject_row(found) for found in cursor]


def rewrap_subject_keys(schema: str, rows: Sequence[SubjectKeyRow]) -> None:
    """The same keys, wrapped under another bank key."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE public.vault_subject_key AS kept"
            " SET wrapped = new.wrapped, bank_key_version = new.version"
            " FROM unnest(%s::bytea[], %s::bytea[], %s::int[]) AS new (subject, wrapped, version)"
            " WHERE kept.schema = %s AND kept.subject = new.subject AND kept.destroyed_at IS NULL",
            [
                [row.subject for row in rows],
                [row.wrapped for row in rows],
                [row.bank_key_version for row in rows],
                schema,
            ],
        )


def delete_bank(schema: str) -> None:
    """Remove all keys of a bank; the ledger of its erasures stays."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM public.vault_subject_key WHERE schema = %s", [schema])
        cursor.execute("DELETE FROM public.vault_bank_key WHERE schema = %s", [schema])


def destroy_subject_key(schema: str, subject: bytes, *, at: datetime) -> None:
    """Destroy the key and note it in the ledger; a subject never seen leaves a mark, so that it
    gets no key later.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO public.vault_subject_key (schema, subject, wrapped, bank_key_version, destroyed_at)"
            " VALUES (%s, %s, NULL, 0, %s) ON CONFLICT DO NOTHING",
            [schema, subject, at],
        )
        cursor.execute(
            "UPDATE public.vault_subject_key SET wrapped = NULL, destroyed_at = %s"
            " WHERE schema = %s AND subject = %s AND destroyed_at IS NULL",
            [at, schema, subject],
        )
        cursor.execute(
            "INSERT INTO public.vault_erasure (schema, subject, erased_at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            [schema, subject, at],
        )


def erasures(schema: str) -> dict[bytes, datetime]:
    """The ledger of a bank: when each subject was erased."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT subject, erased_at FROM public.vault_erasure WHERE schema = %s", [schema]
        )
        return {bytes(subject): at for subject, at in cursor}


def _subject_row(found: tuple[bytes, bytes | None, int]) -> SubjectKeyRow:
    subject, wrapped, version = found
    return SubjectKeyRow(bytes(subject), None if wrapped is None else bytes(wrapped), version)
