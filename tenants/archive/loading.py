"""Rows of an export into PostgreSQL, by COPY."""

from collections.abc import Mapping
from typing import Any

from django.db import connection
from psycopg import sql

from tenants.archive.errors import ManifestWrong
from tenants.archive.manifest import Counter, FileEntry
from tenants.archive.reading import ArchiveSource


def load(
    source: ArchiveSource,
    entry: FileEntry,
    *,
    schema: str,
    table: str,
    constants: Mapping[str, Any] | None = None,
) -> int:
    """COPY all rows of a file into `schema.table`; `constants` are columns the file does not have. Returns rows."""
    extra = dict(constants or {})
    names = [*extra, *(column.name for column in entry.columns)]
    statement = sql.SQL("COPY {table} ({names}) FROM STDIN").format(
        table=sql.Identifier(schema, table),
        names=sql.SQL(", ").join(map(sql.Identifier, names)),
    )
    first, count = tuple(extra.values()), 0
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for group in source.rows(entry):
            for row in group:
                copy.write_row(first + row)
            count += len(group)
    if count != entry.rows:
        raise ManifestWrong(f"{entry.path} holds {count} rows, its manifest says {entry.rows}.")
    return count


def set_counter(schema: str, counter: Counter) -> None:
    """A sequence goes on where it stood."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("SELECT setval({name}::regclass, %s, %s)").format(
                name=sql.Literal(sql.Identifier(schema, counter.name).as_string(None))
            ),
            [counter.value, counter.called],
        )
