"""Everything PostgreSQL's catalogue knows of a schema, with the schema's own name taken out: for comparing two.

Differences of spelling are set aside: PostgreSQL drops needless brackets of a check when it reads it again, and of
`state IN ('a', 'b')` on a varchar column it keeps a cast of the whole array, then of each element.
"""

import re
from typing import Any

from django.db import connection, transaction

from core.tenancy import owner_scope

_RELATION = "FROM pg_class c WHERE c.relnamespace = %(n)s::regnamespace AND c.relkind NOT IN ('c')"
QUERIES = {
    "schema": "SELECT nspowner::regrole::text, nspacl::text, obj_description(oid, 'pg_namespace') "
    "FROM pg_namespace WHERE oid = %(n)s::regnamespace",
    "relations": "SELECT relname, relkind, relpersistence, relowner::regrole::text, relacl::text, reloptions, "
    "relrowsecurity, relforcerowsecurity, relreplident, relispartition, reltablespace, "
    "(SELECT amname FROM pg_am WHERE oid = relam), obj_description(oid, 'pg_class') "
    f"{_RELATION}",
    "columns": "SELECT c.relname, row_number() OVER (PARTITION BY c.oid ORDER BY attnum), attname, "
    "format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated, attcompression, attstattarget, "
    "attcollation::regcollation::text, attstorage, attacl::text, pg_get_expr(adbin, adrelid), "
    "col_description(c.oid, attnum) "
    "FROM pg_class c JOIN pg_attribute ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped "
    "LEFT JOIN pg_attrdef ON adrelid = c.oid AND adnum = attnum "
    "WHERE c.relnamespace = %(n)s::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')",
    "constraints": "SELECT conrelid::regclass::text, conname, contype, condeferrable, condeferred, convalidated, "
    "connoinherit, CASE WHEN contype <> 'c' THEN pg_get_constraintdef(oid) END, obj_description(oid, 'pg_constraint') "
    "FROM pg_constraint WHERE connamespace = %(n)s::regnamespace",
    "indexes": "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid), indisunique, indisprimary, "
    "indisexclusion, indimmediate, indisvalid, indisreplident, indisclustered "
    "FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE c.relnamespace = %(n)s::regnamespace",
    "triggers": "SELECT pg_get_triggerdef(t.oid), tgenabled, tgisinternal AND tgconstraint <> 0 "
    "FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid "
    "WHERE c.relnamespace = %(n)s::regnamespace AND NOT tgisinternal",
    "functions": "SELECT proname, pg_get_functiondef(oid), proowner::regrole::text, proacl::text, "
    "obj_description(oid, 'pg_proc') FROM pg_proc WHERE pronamespace = %(n)s::regnamespace",
    "sequences": "SELECT c.relname, seqtypid::regtype::text, seqstart, seqincrement, seqmax, seqmin, seqcache, "
    "seqcycle, d.refobjid::regclass::text, d.refobjsubid > 0, d.deptype "
    "FROM pg_sequence JOIN pg_class c ON c.oid = seqrelid "
    "LEFT JOIN pg_depend d ON d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') "
    "WHERE c.relnamespace = %(n)s::regnamespace",
    "policies": "SELECT polname, polcmd, polpermissive, polroles::regrole[]::text, pg_get_expr(polqual, polrelid), "
    "pg_get_expr(polwithcheck, polrelid) "
    "FROM pg_policy JOIN pg_class c ON c.oid = polrelid WHERE c.relnamespace = %(n)s::regnamespace",
    "types": "SELECT typname, typtype, typowner::regrole::text FROM pg_type "
    "WHERE typnamespace = %(n)s::regnamespace AND typtype IN ('e', 'd', 'r')",
    "statistics": "SELECT stxname, pg_get_statisticsobjdef(oid) FROM pg_statistic_ext "
    "WHERE stxnamespace = %(n)s::regnamespace",
    "default rights": "SELECT defaclobjtype, defaclacl::text FROM pg_default_acl "
    "WHERE defaclnamespace = %(n)s::regnamespace",
}


def catalogue(schema: str) -> dict[str, list[str]]:
    """Each kind of object as sorted texts, the schema called `S` and its roles `S__own` and `S__run`."""
    found = {}
    with owner_scope(schema), connection.cursor() as cursor:
        for kind, query in QUERIES.items():
            cursor.execute(query, {"n": schema})
            found[kind] = sorted(_text(row, schema) for row in cursor.fetchall())
        found["rows"] = _rows(cursor, schema)
        found["checks"] = _checks(cursor, schema)
    return found


def _checks(cursor: Any, schema: str) -> list[str]:
    """Check constraints as PostgreSQL prints what it read from its own print: brackets and casts settle."""
    definition = (
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'c' AND "
    )
    cursor.execute(
        "SELECT DISTINCT conrelid::regclass::text FROM pg_constraint "
        "WHERE contype = 'c' AND connamespace = %s::regnamespace AND conrelid <> 0",
        [schema],
    )
    tables = [row[0] for row in cursor.fetchall()]
    found = []
    with transaction.atomic():
        for table in tables:
            cursor.execute(definition + "conrelid = %s::regclass", [table])
            rows = cursor.fetchall()
            added = ", ".join(f'ADD CONSTRAINT "probe {name}" {text}' for name, text in rows)
            cursor.execute(f"ALTER TABLE {table} {added}".replace("%", "%%"), [])
            cursor.execute(
                definition + "conrelid = %s::regclass AND conname LIKE 'probe %%'", [table]
            )
            found += [f"{table} {_text(row, schema)}" for row in cursor.fetchall()]
        transaction.set_rollback(True)
    return sorted(found)


def _rows(cursor: Any, schema: str) -> list[str]:
    """Every table's rows but for the times at which migrations ran; sequences by their next number."""
    cursor.execute(
        "SELECT relname, relkind FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind IN ('r', 'S') "
        "ORDER BY relname",
        [schema],
    )
    rows = []
    for name, kind in cursor.fetchall():
        columns = "app, name" if name == "django_migrations" else "*"
        columns = "last_value, is_called" if kind == "S" else columns
        cursor.execute(f'SELECT {columns} FROM "{schema}"."{name}"')
        rows += [f"{name} {_text(row, schema)}" for row in cursor.fetchall()]
    return sorted(rows)


def _text(row: tuple[Any, ...], schema: str) -> str:
    return _spelled_alike(repr(row)).replace(schema, "S")


_ELEMENT = re.compile(r"\((\\?'[^']*?\\?'::character varying)\)::text")
_WHOLE = re.compile(r"\(ARRAY\[([^\[\]]*)\]\)::text\[\]")


def _spelled_alike(text: str) -> str:
    return _WHOLE.sub(r"ARRAY[\1]", _ELEMENT.sub(r"\1", text))
