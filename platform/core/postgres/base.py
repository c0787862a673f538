"""Database back-end: the search path and the role follow the scope in force, and without a scope nothing runs."""

from typing import Any

from django.conf import settings
from django.db.backends.postgresql.base import Cursor
from django.db.backends.postgresql.features import DatabaseFeatures as PostgresFeatures
from django.db.utils import DatabaseError
from django.utils.functional import cached_property
from django_tenants.postgresql_backend import base as django_tenants_base

from core.tenancy import PUBLIC, Context, NoBankSet


class SingleStatementCursor(Cursor):
    """Sends everything by the extended protocol, which takes one statement: nothing can be stacked behind another.

    The bank's role is a setting of the session, so an injected `; RESET ROLE; …` would leave it. Values are still
    bound on the client, as the ORM needs (Django #20516).
    """

    def _execute_send(
        self, query: Any, *, force_extended: bool = False, binary: bool | None = None
    ) -> None:
        super()._execute_send(query, force_extended=True, binary=binary)  # type: ignore[misc]


class DatabaseFeatures(PostgresFeatures):
    # Django finds this out by making a table, outside any scope.
    supports_transactions = True


class DatabaseWrapper(django_tenants_base.DatabaseWrapper):
    """django-tenants' wrapper, made to fail closed.

    One statement sets search path and role together (about 20 microseconds), once per scope and connection. Both
    settings are undone by a rollback, which django-tenants already answers by forgetting what was set.
    """

    features_class = DatabaseFeatures
    scope: Context | None = None
    # (schema, role) the session was last put into by us; None when that is not known.
    session_scope: tuple[str, str] | None = None
    search_path_set_schemas: list[str] | None
    _setting_search_path: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.enter_scope(None)

    def get_new_connection(self, conn_params: Any) -> Any:
        connection = super().get_new_connection(conn_params)
        if self.settings_dict["USER"] == settings.WEB_LOGIN:
            # Not for the admin login: migrations come as scripts of several statements.
            connection.cursor_factory = SingleStatementCursor
        return connection

    @cached_property
    def pg_version(self) -> int:
        # Django asks through a cursor, which would need a scope; the connection knows it anyway.
        if self.connection is None:
            self.connect()
        return int(self.connection.info.server_version)

    def enter_scope(self, scope: Context | None) -> None:
        """Take the scope for all later cursors of this connection; None refuses them."""
        self.scope = scope
        self.tenant = scope
        self.schema_name = scope.schema if scope else None
        self.search_path_set_schemas = None

    def set_tenant(self, tenant: Any, include_public: bool = True) -> None:
        """Called by django-tenants' own code paths, which know no roles: only the public schema is let in."""
        if tenant.schema_name != PUBLIC.schema:
            raise NoBankSet("A bank is entered by core.tenancy.bank_scope or owner_scope only.")
        self.enter_scope(PUBLIC)

    def _handle_search_path(self, cursor: Any = None) -> None:
        if self._setting_search_path:
            return
        scope = self.scope
        if scope is None:
            raise NoBankSet("No bank is set: enter core.tenancy.bank_scope or public_scope first.")
        if self.search_path_set_schemas:
            return
        path = "public" if scope.schema == PUBLIC.schema else f'"{scope.schema}", public'
        self._setting_search_path = True
        own_cursor = self.connection.cursor() if cursor is None else cursor
        try:
            own_cursor.execute(
                "SELECT set_config('search_path', %s, false), set_config('role', %s, false)",
                [path, scope.role],
            )
        except DatabaseError:
            if not self._in_failed_transaction():
                raise
            # The transaction is lost already; its rollback is all that can still run, and needs no path.
        else:
            self.search_path_set_schemas = [scope.schema]
            self.session_scope = (scope.schema, scope.role)
        finally:
            self._setting_search_path = False
            if cursor is None:
                own_cursor.close()

    def stand_in_scope(self) -> None:
        """Put the session where the scope in force wants it, unless it stands there: see `core.postgres.direct`."""
        scope = self.scope
        if scope is None:
            raise NoBankSet("No bank is set: enter core.tenancy.bank_scope or public_scope first.")
        self.ensure_connection()
        if self.session_scope != (scope.schema, scope.role):
            self._handle_search_path()

    def close(self) -> None:
        self.session_scope = None
        super().close()

    def rollback(self) -> None:
        self.session_scope = None
        super().rollback()

    def savepoint_rollback(self, sid: str) -> None:
        super().savepoint_rollback(sid)
        self.session_scope = None

    def _in_failed_transaction(self) -> bool:
        return (
            self.connection is not None
            and self.connection.info.transaction_status.name == "INERROR"
        )

    # Savepoints and constraint checks name no table: they need no scope, and a test's or a request's
    # outermost atomic block may open and close outside any.
    def _savepoint(self, sid: str) -> None:
        self._send(self.ops.savepoint_create_sql(sid))

    def _savepoint_rollback(self, sid: str) -> None:
        self._send(self.ops.savepoint_rollback_sql(sid))

    def _savepoint_commit(self, sid: str) -> None:
        self._send(self.ops.savepoint_commit_sql(sid))

    def check_constraints(self, table_names: Any = None) -> None:
        self._send("SET CONSTRAINTS ALL IMMEDIATE")
        self._send("SET CONSTRAINTS ALL DEFERRED")

    def _send(self, statement: str) -> None:
        """Past the cursors, so past their translation of errors: callers know Django's only."""
        with self.wrap_database_errors:
            self.connection.execute(statement)
