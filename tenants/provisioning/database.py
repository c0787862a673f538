"""A bank's schema and its two database roles, so that PostgreSQL itself refuses what a forgotten filter would leak."""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.core.management.commands.migrate import Command as MigrateCommand
from django.db import connection, models, transaction
from django.db.migrations.recorder import MigrationRecorder
from psycopg import sql

from core.tenancy import BankContext, owner_role, owner_scope, public_scope, run_role
from tenants.provisioning.registry import Spec

RIGHTS = {"write": "SELECT, INSERT, UPDATE, DELETE", "append": "SELECT, INSERT", "read": "SELECT"}
# Shared tables every bank may read.
SHARED_READ = ("django_content_type",)
# One lock for all role changes: concurrent GRANTs on the same catalogue rows fail otherwise.
ROLE_LOCK = 7_304_001


def _run(statement: str, **names: str) -> None:
    query = sql.SQL(statement).format(
        **{key: sql.Identifier(value) for key, value in names.items()}
    )
    with connection.cursor() as cursor:
        cursor.execute(query)


def _role_exists(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
        return cursor.fetchone() is not None


def _admin_login() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_user")
        return str(cursor.fetchone()[0])


def create_roles(bank: BankContext, spec: Spec) -> None:
    """Owner and run-time role, neither of which can log in."""
    own, run = owner_role(bank.schema), run_role(bank.schema)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ROLE_LOCK])
        for role in (own, run):
            if not _role_exists(role):
                _run("CREATE ROLE {role} NOLOGIN NOINHERIT", role=role)
        admin = _admin_login()
        for role in (own, run):
            _run("GRANT {role} TO {login} WITH INHERIT FALSE, SET TRUE", role=role, login=admin)
        _run(
            "GRANT {role} TO {login} WITH INHERIT FALSE, SET TRUE",
            role=run,
            login=settings.WEB_LOGIN,
        )
        _run("GRANT panorama_bank TO {run} WITH INHERIT TRUE, SET FALSE", run=run)
        _run("GRANT panorama_bank TO {own} WITH INHERIT TRUE, SET FALSE", own=own)
        for table in SHARED_READ:
            _run("GRANT SELECT, REFERENCES ON public.{table} TO {own}", table=table, own=own)


def create_schema(bank: BankContext, spec: Spec) -> None:
    """The schema, owned by the owner role; only the run-time role may use it."""
    with transaction.atomic():
        own, run = owner_role(bank.schema), run_role(bank.schema)
        _run(
            "CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {own}", schema=bank.schema, own=own
        )
        with owner_scope(bank.schema):
            _run("GRANT USAGE ON SCHEMA {schema} TO {run}", schema=bank.schema, run=run)


def migrate_schema(schema: str) -> None:
    """Bring a schema's tables to the code's version by its migrations, as their owner."""
    with owner_scope(schema):
        # Without its own table of migrations the public one would be found on the path, and nothing applied.
        MigrationRecorder(connection).ensure_schema()
        call_command(MigrateCommand(), verbosity=0, interactive=False, skip_checks=True)


def grant_tables(bank: BankContext, spec: Spec) -> None:
    """What the run-time role may do on each table, as its model says; nothing on tables no model knows."""
    apply_grants(bank.schema)


def apply_grants(schema: str) -> bool:
    """Exactly the rights the models name: one statement a kind of right, so that many tables cost little.

    Returns whether anything had to change; where nothing had to, no row of the catalogue is written.
    """
    run, wanted = run_role(schema), _wanted_rights()
    with transaction.atomic(), owner_scope(schema):
        held = _rights_held(schema, run)
        sequences = sorted(name for name, (kind, _) in held.items() if kind == "S")
        tables = {name: rights for name, (kind, rights) in held.items() if kind != "S" and rights}
        if tables == _privileges(wanted) and all(held[s][1] == {"USAGE"} for s in sequences):
            return False
        if tables:
            _on_tables("REVOKE ALL ON {} FROM {}", schema, sorted(tables), run)
        for rights, names in wanted.items():
            _on_tables(f"GRANT {RIGHTS[rights]} ON {{}} TO {{}}", schema, names, run)
        if sequences:
            _on_tables("GRANT USAGE ON SEQUENCE {} TO {}", schema, sequences, run)
    return True


def _wanted_rights() -> dict[str, list[str]]:
    """Kind of right -> tables."""
    by_rights: dict[str, list[str]] = {"read": ["django_migrations"]}
    for table, rights in _table_rights(settings.TENANT_APPS).items():
        by_rights.setdefault(rights, []).append(table)
    return by_rights


def _privileges(by_rights: dict[str, list[str]]) -> dict[str, frozenset[str]]:
    return {
        table: frozenset(RIGHTS[rights].split(", "))
        for rights, tables in by_rights.items()
        for table in tables
    }


def _rights_held(schema: str, role: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Relation -> its kind (`S` a sequence) and what the role may do on it.

    By way of pg_depend, which is indexed by schema: pg_class is not, and holds every bank's relations.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, c.relkind, array_agg(a.privilege_type::text) "
            "FROM pg_depend d JOIN pg_class c ON c.oid = d.objid "
            "LEFT JOIN LATERAL aclexplode(c.relacl) a ON a.grantee = %s::regrole "
            "WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = %s::regnamespace "
            "AND d.classid = 'pg_class'::regclass AND c.relkind IN ('r', 'p', 'v', 'm', 'S') "
            "GROUP BY c.oid, c.relname, c.relkind",
            [role, schema],
        )
        return {
            str(name): (str(kind), frozenset(right for right in rights if right is not None))
            for name, kind, rights in cursor.fetchall()
        }


def _on_tables(statement: str, schema: str, tables: list[str], role: str) -> None:
    names = sql.SQL(", ").join(sql.Identifier(schema, table) for table in tables)
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(names, sql.Identifier(role)))


def apply_public_grants() -> None:
    """What the web login may do on the platform's own tables, and what every bank may read."""
    web = settings.WEB_LOGIN
    with transaction.atomic(), public_scope():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ROLE_LOCK])
        _run("GRANT panorama_bank TO {web} WITH INHERIT FALSE, SET FALSE", web=web)
        _run("GRANT USAGE ON SCHEMA public TO panorama_bank")
        _run("GRANT USAGE ON SCHEMA public TO {web}", web=web)
        for table, rights in _table_rights(settings.SHARED_APPS).items():
            _run(f"GRANT {RIGHTS[rights]} ON public.{{table}} TO {{web}}", table=table, web=web)
        _run("REVOKE UPDATE, DELETE ON public.dispatch_ticket FROM {web}", web=web)
        for table in ("dispatch_ticket", "dispatch_lane", "dispatch_queue", "dispatch_terms"):
            _run("GRANT SELECT ON public.{table} TO {web}", table=table, web=web)
        _run("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {web}", web=web)
        _run("GRANT SELECT ON public.django_migrations TO {web}", web=web)
        for function in (
            "dispatch_ticket_put(uuid, text, double precision)",
            "dispatch_ticket_drop(uuid)",
            "dispatch_ticket_add(uuid, text, integer)",
            "dispatch_ticket_claim(uuid, text, double precision)",
            "dispatch_place(uuid)",
            "dispatch_pump(text, text, integer, integer, double precision, integer)",
            "dispatch_due(integer, double precision, double precision)",
            "dispatch_decide(text, uuid, integer, text)",
            "dispatch_set_terms(text, boolean, double precision, jsonb, jsonb)",
            "dispatch_forget(text)",
            "audit_take_dirty()",
        ):
            _run(f"GRANT EXECUTE ON FUNCTION public.{function} TO {{web}}", web=web)
        for table in SHARED_READ:
            _run("GRANT SELECT ON public.{table} TO panorama_bank", table=table)


def _table_rights(app_names: list[str]) -> dict[str, str]:
    rights: dict[str, str] = {}
    for config in apps.get_app_configs():
        if config.name not in app_names:
            continue
        for model in config.get_models(include_auto_created=True):
            if model._meta.managed and not model._meta.proxy:
                rights[model._meta.db_table] = getattr(model, "database_rights", "write")
    return rights


def verify_tables(bank: BankContext, spec: Spec) -> None:
    """Every table of every model is in the bank's own schema; a missing one would be looked for in public."""
    missing = missing_tables(bank.schema)
    if missing:
        raise RuntimeError(f"Tables missing in {bank.schema}: {', '.join(missing)}.")


def missing_tables(schema: str) -> list[str]:
    """Tables of the code's models that the schema has not. Looked up by name: pg_class holds every bank's."""
    names = sorted(_table_rights(settings.TENANT_APPS))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT wanted FROM unnest(%s::name[]) wanted WHERE NOT EXISTS (SELECT FROM pg_class c "
            "WHERE c.relname = wanted AND c.relkind IN ('r', 'p') "
            "AND c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = %s))",
            [names, schema],
        )
        return sorted(str(row[0]) for row in cursor.fetchall())


def models_in_both() -> list[type[models.Model]]:
    """Models whose tables stand in public and in every bank."""
    both = set(settings.TENANT_APPS) & set(settings.SHARED_APPS)
    return [m for c in apps.get_app_configs() if c.name in both for m in c.get_models()]


def drop_schema(bank: BankContext, spec: Any = None) -> None:
    """Remove a bank's tables and roles for good. May be repeated."""
    drop_tables(bank.schema)
    drop_roles(bank.schema)


def drop_tables(schema: str) -> None:
    """The schema with everything in it, as its owner."""
    if not _role_exists(owner_role(schema)):
        return
    with transaction.atomic(), owner_scope(schema):
        _run("DROP SCHEMA IF EXISTS {schema} CASCADE", schema=schema)


def drop_roles(schema: str) -> None:
    own, run = owner_role(schema), run_role(schema)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ROLE_LOCK])
        if _role_exists(own):
            for table in SHARED_READ:
                _run("REVOKE ALL ON public.{table} FROM {own}", table=table, own=own)
        for role in (own, run):
            _run("DROP ROLE IF EXISTS {role}", role=role)


def freeze(schema: str) -> None:
    """From here on the database refuses every write of the bank; waits for those under way.

    The lock conflicts with that of a writer, so whoever had begun has ended when this returns.
    """
    with transaction.atomic(), owner_scope(schema):
        run = run_role(schema)
        _run(
            "REVOKE INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} FROM {run}",
            schema=schema,
            run=run,
        )
    with transaction.atomic(), owner_scope(schema):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '60s'")
        for table in sorted(_tables_there(schema)):
            _run("LOCK TABLE {schema}.{table} IN SHARE MODE", schema=schema, table=table)


def _tables_there(schema: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema])
        return {row[0] for row in cursor.fetchall()}
