"""A schema's tables as PostgreSQL's catalogue knows them: columns, order of rows, order of loading, counters."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
from django.db import connection
from psycopg import sql

from tenants.archive.manifest import Column, Counter

# Not part of the bank's data: what a login leaves, and the mark of the code's version.
LEFT_OUT: Mapping[str, str] = {
    "django_migrations": "the tables' version, told by schema_version",
    "accounts_attemptcounter": "counts of guesses, which the old host had to stop",
    "accounts_passwordreset": "links sent by mail lead to the old host",
    "accounts_signin": "sessions end with the export",
    "django_session": "sessions end with the export: nobody is logged in after an import",
    "oauth2_provider_accesstoken": "tokens end with the export",
    "oauth2_provider_grant": "tokens end with the export",
    "oauth2_provider_idtoken": "tokens end with the export",
    "oauth2_provider_refreshtoken": "tokens end with the export",
}
_PLAIN: Mapping[str, pa.DataType] = {
    "boolean": pa.bool_(),
    "smallint": pa.int16(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "real": pa.float32(),
    "double precision": pa.float64(),
    "text": pa.string(),
    "bytea": pa.binary(),
    "date": pa.date32(),
    "timestamp with time zone": pa.timestamp("us", tz="UTC"),
}
_TEXTUAL = ("character varying", "character(")


@dataclass(frozen=True, slots=True)
class Table:
    """`order` names the columns rows are sorted by: the primary key, or all columns where there is none."""

    name: str
    columns: tuple[Column, ...]
    order: tuple[str, ...]


def column(name: str, kind: str) -> Column:
    plain = kind in _PLAIN or (kind.startswith(_TEXTUAL) and not kind.endswith("]"))
    return Column(name, kind, text=not plain)


def arrow_schema(columns: tuple[Column, ...]) -> pa.Schema:
    """The Parquet file's columns."""
    return pa.schema([(c.name, _PLAIN.get(c.type, pa.string())) for c in columns])


def tables(schema: str) -> list[Table]:
    """All tables of a schema but `LEFT_OUT`, by name."""
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS, [schema, sorted(LEFT_OUT)])
        found: dict[str, list[Column]] = {}
        for table, name, kind in cursor.fetchall():
            found.setdefault(table, []).append(column(name, kind))
        cursor.execute(_KEYS, [schema])
        keys = {table: tuple(names) for table, names in cursor.fetchall()}
    return [
        Table(name, tuple(columns), keys.get(name) or tuple(c.name for c in columns))
        for name, columns in sorted(found.items())
    ]


def select(table: Table, schema: str) -> sql.Composed:
    """All rows in their order; texts by bytes, so that no locale has a say."""
    fields = [_field(c) for c in table.columns]
    kinds = {c.name: c for c in table.columns}
    order = [_sort_key(kinds[name]) for name in table.order]
    return sql.SQL("SELECT {fields} FROM {table} ORDER BY {order}").format(
        fields=sql.SQL(", ").join(fields),
        table=sql.Identifier(schema, table.name),
        order=sql.SQL(", ").join(order),
    )


def _field(each: Column) -> sql.Composable:
    name = sql.Identifier(each.name)
    return sql.SQL("{}::text").format(name) if each.text else name


def _sort_key(each: Column) -> sql.Composable:
    name = sql.Identifier(each.name)
    if each.type in _PLAIN and each.type != "text":
        return name
    if each.type == "uuid":
        return name
    return sql.SQL('{}::text COLLATE "C"').format(name)


def loading_order(schema: str, names: list[str]) -> list[str]:
    """Tables so that what is referred to comes first.

    A ring is begun at its first name: its foreign keys are checked when the transaction ends (`DEFERRABLE`). Raises
    RuntimeError on a ring of keys that are checked at once.
    """
    with connection.cursor() as cursor:
        cursor.execute(_REFERENCES, [schema, schema])
        references = cursor.fetchall()
    known = set(names)
    waits: dict[str, set[str]] = {name: set() for name in sorted(names)}
    strict: dict[str, set[str]] = {name: set() for name in names}
    for table, other, deferrable in references:
        if table != other and {table, other} <= known:
            waits[table].add(other)
            if not deferrable:
                strict[table].add(other)
    out: list[str] = []
    while waits:
        done = set(out)
        ready = [name for name, others in waits.items() if others <= done]
        chosen = ready or [name for name in waits if strict[name] <= done][:1]
        if not chosen:
            raise RuntimeError(f"Foreign keys in a ring: {', '.join(waits)}.")
        out += chosen
        for name in chosen:
            del waits[name]
    return out


def counters(schema: str) -> list[Counter]:
    """Where each sequence of the schema stands."""
    left_out = sorted(LEFT_OUT)
    with connection.cursor() as cursor:
        cursor.execute(_SEQUENCES, [schema, left_out])
        names = [row[0] for row in cursor.fetchall()]
        found = []
        for name in names:
            cursor.execute(
                sql.SQL("SELECT last_value, is_called FROM {}").format(sql.Identifier(schema, name))
            )
            value, called = cursor.fetchone()
            found.append(Counter(name, value, called))
    return found


_COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
WHERE n.nspname = %s AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> ALL (%s)
ORDER BY c.relname, a.attname
"""
_KEYS = """
SELECT c.relname, array_agg(a.attname::text ORDER BY array_position(i.indkey::int2[], a.attnum))
FROM pg_index i
JOIN pg_class c ON c.oid = i.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
WHERE n.nspname = %s AND i.indisprimary
GROUP BY c.relname
"""
_REFERENCES = """
SELECT c.relname, f.relname, k.condeferrable
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class f ON f.oid = k.confrelid JOIN pg_namespace m ON m.oid = f.relnamespace
WHERE k.contype = 'f' AND n.nspname = %s AND m.nspname = %s
"""
# With the table a sequence belongs to, so that counters of tables left out stay out as well.
_SEQUENCES = """
SELECT s.relname
FROM pg_class s
JOIN pg_namespace n ON n.oid = s.relnamespace
LEFT JOIN pg_depend d ON d.objid = s.oid AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
LEFT JOIN pg_class c ON c.oid = d.refobjid
WHERE n.nspname = %s AND s.relkind = 'S' AND (c.relname IS NULL OR c.relname <> ALL (%s))
ORDER BY s.relname
"""
