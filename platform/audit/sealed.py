"""SQL that makes a table append-only and sealed; for the migrations of every app that keeps
evidence.

    operations = [..., migrations.RunSQL(*sealed_table("scoring_decision", stream="decision"))]

The table needs a primary key `id uuid` and a hash column (bytea, 32 bytes). The functions live in
each schema, made by the first migration of `audit`, which such a migration depends on.
"""

import re

_NAME = re.compile(r"[a-z][a-z0-9_]{0,50}")

FUNCTIONS = """
CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%.% only grows: % is refused', TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE FUNCTION audit_queue_for_seal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_schema() = TG_TABLE_SCHEMA AND TG_ARGV[1] = 'row_hash' THEN
        -- The usual case, planned once and not for each row.
        INSERT INTO audit_pendingseal (stream, row_id, row_hash) SELECT TG_ARGV[0], id, row_hash FROM new_rows;
    ELSE
        -- The table's own schema by name: a raw connection's search_path may lead elsewhere.
        EXECUTE format(
            'INSERT INTO %I.audit_pendingseal (stream, row_id, row_hash) SELECT $1, id, %I FROM new_rows',
            TG_TABLE_SCHEMA, TG_ARGV[1]
        ) USING TG_ARGV[0];
    END IF;
    PERFORM public.audit_mark_dirty();
    RETURN NULL;
END
$$;
"""
# As before, but the owner of the table, whom no login of web and workers can become, may delete what it
# names first; seals and tombstones nobody may.
PURGING_FUNCTION = """
CREATE OR REPLACE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('panorama.purge', true) = TG_TABLE_NAME
       AND TG_TABLE_NAME NOT IN ('audit_auditseal', 'audit_tombstone')
       AND current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '%.% only grows: % is refused', TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END
$$;
"""
DROP_FUNCTIONS = """
DROP FUNCTION audit_queue_for_seal();
DROP FUNCTION audit_append_only();
"""


def append_only(table: str) -> tuple[str, str]:
    """(forward, backward) SQL: UPDATE, DELETE and TRUNCATE fail, whoever asks."""
    _check(table)
    return (
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();\n",
        f"DROP TRIGGER {table}_append_only ON {table};\n",
    )


def sealed_table(table: str, *, stream: str, hash_column: str = "row_hash") -> tuple[str, str]:
    """(forward, backward) SQL: append-only, and every inserted row is queued for the bank's seal
    chain.
    """
    _check(table, stream, hash_column)
    forward, backward = append_only(table)
    return (
        f"{forward}CREATE TRIGGER {table}_sealed AFTER INSERT ON {table} REFERENCING NEW TABLE AS new_rows"
        f" FOR EACH STATEMENT EXECUTE FUNCTION audit_queue_for_seal('{stream}', '{hash_column}');\n",
        f"DROP TRIGGER {table}_sealed ON {table};\n{backward}",
    )


def _check(*names: str) -> None:
    for name in names:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a plain lower-case name of at most 51 characters.")
