"""A bank's tables made from a template instead of by every migration since the first.

A template is what the code's migrations make of an empty schema, kept in the database as a script under the digest of
those migrations. Code whose digest has none makes it anew; an older one is never used. See ADR 0008.
"""

import logging
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from psycopg import sql

from core.tenancy import BankContext, owner_role, owner_scope, public_scope
from tenants.models import SchemaTemplate
from tenants.provisioning import database, dumps
from tenants.provisioning.versions import code_digest, missing_in

log = logging.getLogger(__name__)
# One builder at a time in a database; others migrate, or wait when asked to.
BUILD_LOCK = 7_304_002
SCRATCH_PREFIX = "template_"
# Old code may onboard beside new code while a release goes out.
KEEP = 4
# Rows of these were sealed for the schema they were written in: a copy would be a forgery.
_SEALED = ("audit_auditentry", "audit_auditseal", "audit_pendingseal")


class TemplateRefused(RuntimeError):
    """What the migrations write may not be copied from one bank to another."""


def make_tables(schema: str) -> str:
    """Bring a bank's schema to the code's version. Returns how: `replayed`, or `migrated` step by step.

    Migrations run where the schema holds something already, or no template can be had.
    """
    if _is_empty(schema):
        template = find_or_build()
        if template is not None and _replay(template, schema):
            return "replayed"
    database.migrate_schema(schema)
    return "migrated"


def find_or_build() -> SchemaTemplate | None:
    """The template of this code. None while another process builds it, or when it cannot be made here."""
    return _current() or _tried(wait=False)


def prepare() -> SchemaTemplate | None:
    """The template of this code, waiting for another builder: for a release, before banks are onboarded by it."""
    return _tried(wait=True)


def _tried(*, wait: bool) -> SchemaTemplate | None:
    try:
        return build(wait=wait)
    except (dumps.DumpFailed, TemplateRefused) as error:
        log.warning("no schema template, banks are migrated step by step: %s", error)
        return None


def build(*, wait: bool) -> SchemaTemplate | None:
    """Make the template of this code unless it is there; None when another process is at it and `wait` is false.

    Raises `DumpFailed` without a pg_dump that fits the server, and `TemplateRefused`.
    """
    with public_scope(), _build_lock(wait=wait) as ours:
        if not ours:
            return None
        template = _current()
        if template is not None:
            return template
        _drop_leftovers()
        begun = time.monotonic()
        schema = f"{SCRATCH_PREFIX}{secrets.token_hex(6)}"
        script = _script_of_scratch(schema)
        with transaction.atomic():
            template = SchemaTemplate.objects.create(
                digest=code_digest(), server=_server(), schema_name=schema, script=script,
                seconds=time.monotonic() - begun,
            )  # fmt: skip
            kept = SchemaTemplate.objects.order_by("-created_at").values("pk")[:KEEP]
            SchemaTemplate.objects.exclude(pk__in=list(kept.values_list("pk", flat=True))).delete()
        return template


def _current() -> SchemaTemplate | None:
    with public_scope():
        return SchemaTemplate.objects.filter(digest=code_digest(), server=_server()).first()


def _server() -> int:
    """Major version of the server: a script of one need not run on another."""
    return int(connection.pg_version // 10_000)  # type: ignore[attr-defined]


def _script_of_scratch(schema: str) -> str:
    bank = BankContext(
        schema=schema, role="", name=schema, state="provisioning", modules=frozenset()
    )
    try:
        database.create_roles(bank, {})
        database.create_schema(bank, {})
        database.migrate_schema(schema)
        _refuse_sealed_rows(schema)
        dump = dumps.dump_schema(schema, role=owner_role(schema))
        return dumps.replayable(dump, schema)
    finally:
        database.drop_schema(bank)


def _refuse_sealed_rows(schema: str) -> None:
    with owner_scope(schema), connection.cursor() as cursor:
        for table in _SEALED:
            statement = sql.SQL("SELECT EXISTS (SELECT FROM {})").format(
                sql.Identifier(schema, table)
            )
            cursor.execute(statement)
            if cursor.fetchone()[0]:
                raise TemplateRefused(f"The migrations write to {table}, which is sealed per bank.")


def _replay(template: SchemaTemplate, schema: str) -> bool:
    """All of it or nothing; false when somebody else filled the schema meanwhile."""
    script = dumps.renamed(template.script, schema=template.schema_name, to=schema)
    with transaction.atomic(), owner_scope(schema):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"tables:{schema}"]
            )
        if not _is_empty(schema):
            return False
        with connection.cursor() as cursor:
            cursor.execute(script)
            applied = sql.SQL("UPDATE {} SET applied = now()")
            cursor.execute(applied.format(sql.Identifier(schema, "django_migrations")))
        missing = missing_in(schema)
        if missing:
            raise RuntimeError(f"The template of {schema} lacks {missing}.")
    return True


def _is_empty(schema: str) -> bool:
    """Whether nothing stands in the schema: whatever does depends on it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT NOT EXISTS (SELECT FROM pg_depend "
            "WHERE refclassid = 'pg_namespace'::regclass AND refobjid = n.oid) "
            "FROM pg_namespace n WHERE nspname = %s",
            [schema],
        )
        row = cursor.fetchone()
    return row is not None and bool(row[0])


@contextmanager
def _build_lock(*, wait: bool) -> Iterator[bool]:
    """A lock of the session, for building takes several transactions; it ends with the connection, too."""
    function = "pg_advisory_lock" if wait else "pg_try_advisory_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [BUILD_LOCK])
        ours = cursor.fetchone()[0] is not False
    try:
        yield ours
    finally:
        if ours:
            with public_scope(), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [BUILD_LOCK])


def _drop_leftovers() -> None:
    """Scratch schemas of builders that were killed; under the lock none is in use."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nspname FROM pg_namespace WHERE nspname ~ %s",
            [f"^{SCRATCH_PREFIX}[0-9a-f]{{12}}$"],
        )
        names = [str(row[0]) for row in cursor.fetchall()]
    for name in names:
        bank = BankContext(schema=name, role="", name=name, state="closed", modules=frozenset())
        database.drop_schema(bank)
