"""One bank's schema brought to the code's version without standing in the way of its traffic."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from psycopg import errors

from core.tenancy import owner_scope, public_scope
from tenants.provisioning import database

# What another transaction's end cures. XX000 is what PostgreSQL says of two changes of one catalogue row at a time.
_PASSING = (
    errors.LockNotAvailable, errors.DeadlockDetected, errors.SerializationFailure, errors.InternalError_,
)  # fmt: skip


class Hindered(RuntimeError):
    """Another transaction stood in the way; trying again later may do. The message names who holds locks."""


def upgrade(schema: str, *, lock_seconds: float) -> int:
    """Run the migrations the schema lacks, each in its own transaction, and set its rights.

    No lock is waited for longer than `lock_seconds`: traffic that queues up behind a waiting migration waits no longer
    either. Returns how many migrations ran. Raises `Hindered`; any other error is the migration's own.
    """
    try:
        with owner_scope(schema), _lock_timeout(lock_seconds):
            MigrationRecorder(connection).ensure_schema()
            executor = MigrationExecutor(connection)
            executor.loader.check_consistent_history(connection)
            targets = executor.loader.graph.leaf_nodes()
            plan = executor.migration_plan(targets)
            if plan:
                executor.migrate(targets, plan)
            database.apply_grants(schema)
    except DatabaseError as error:
        if isinstance(error.__cause__, _PASSING):
            raise Hindered(
                f"{error.__cause__}".strip().partition("\n")[0] + _holders(schema)
            ) from error
        raise
    return len(plan)


@contextmanager
def _lock_timeout(seconds: float) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [f"{int(seconds * 1000)}ms"])
    try:
        yield
    finally:
        if connection.connection is not None and not connection.connection.closed:
            connection.connection.execute("RESET lock_timeout")


def _holders(schema: str) -> str:
    """`; locks held by process 4711 (jobs_job)`, or nothing when they are gone by now."""
    with public_scope(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT l.pid, string_agg(DISTINCT c.relname, ', ' ORDER BY c.relname) "
            "FROM pg_locks l JOIN pg_class c ON c.oid = l.relation "
            "JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE l.granted AND l.pid <> pg_backend_pid() AND c.relkind IN ('r', 'p') AND n.nspname = %s "
            "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
            "GROUP BY l.pid ORDER BY l.pid LIMIT 5",
            [schema],
        )
        held = [f"process {pid} ({tables})" for pid, tables in cursor.fetchall()]
    return f"; locks held by {', '.join(held)}" if held else ""
