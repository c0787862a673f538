"""Which state of the migrations the code stands for, and which one a bank's schema has reached."""

import hashlib
import inspect
import sys
from dataclasses import dataclass
from functools import lru_cache

import django
from django.conf import settings
from django.db import connection
from django.db.migrations import Migration, RunSQL
from django.db.migrations.loader import MigrationLoader
from psycopg import sql

from core.tenancy import owner_scope

Name = tuple[str, str]


@dataclass(frozen=True, slots=True)
class MigrationState:
    """The code's migrations: their names, and `version`, short and beginning with their number: `57-3f2a9c01`."""

    names: frozenset[Name]
    version: str


def version_of(names: frozenset[Name]) -> str:
    """A schema's version: how many migrations it has had, and which."""
    text = "\n".join(f"{app}.{name}" for app, name in sorted(names))
    return f"{len(names)}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def is_behind(version: str) -> bool:
    """Whether a schema of this version has had fewer migrations than the code has, or others; unknown counts as behind.

    False also for a schema that newer code has migrated already.
    """
    ours = code_state().version
    count, _, _ = version.partition("-")
    return version != ours and (not count.isdigit() or int(count) <= int(ours.partition("-")[0]))


def code_state() -> MigrationState:
    """The state of the code that runs, read once per process (and per set of migration modules)."""
    return _code_state(_modules())


def code_digest() -> str:
    """Changes with everything that decides what the code's migrations make, also with a migration's text."""
    return _code_digest(_modules())


def _modules() -> tuple[tuple[str, str], ...]:
    return tuple(sorted(getattr(settings, "MIGRATION_MODULES", {}).items()))


@lru_cache(maxsize=8)
def _code_state(_key: tuple[tuple[str, str], ...]) -> MigrationState:
    names = frozenset(MigrationLoader(None).graph.nodes)
    return MigrationState(names=names, version=version_of(names))


@lru_cache(maxsize=8)
def _code_digest(_key: tuple[tuple[str, str], ...]) -> str:
    graph = MigrationLoader(None).graph
    digest = hashlib.sha256(repr(django.VERSION).encode())
    for key in sorted(graph.nodes):
        digest.update(repr(key).encode())
        for text in _texts(graph.nodes[key]):
            digest.update(text.encode())
    return digest.hexdigest()


def _texts(migration: Migration) -> list[str]:
    """A migration's module, and the SQL it may have from elsewhere."""
    statements = [repr(op.sql) for op in migration.operations if isinstance(op, RunSQL)]
    return [inspect.getsource(sys.modules[type(migration).__module__]), *statements]


def applied_in(schema: str) -> frozenset[Name]:
    """The migrations a bank's schema has recorded; empty when it keeps no record. Read as the owner: admin login."""
    table = sql.Identifier(schema, "django_migrations")
    with owner_scope(schema), connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [f'"{schema}".django_migrations'])
        if not cursor.fetchone()[0]:
            return frozenset()
        cursor.execute(sql.SQL("SELECT app, name FROM {}").format(table))
        return frozenset((str(app), str(name)) for app, name in cursor.fetchall())


def missing_in(schema: str) -> list[Name]:
    """Migrations of the code that a schema has not had, by name."""
    return sorted(code_state().names - applied_in(schema))


def newest_of(names: frozenset[Name]) -> dict[str, str]:
    """The last migration of each app, by which two versions are told apart for a person."""
    return dict(sorted(names))
