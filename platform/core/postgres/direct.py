"""One statement in the scope in force, in one round trip: for the few places that run thousands of times a second.

The mapper's cursor asks the connection whether it lives, sets search path and role at the start of every scope and
binds values on the client, so that PostgreSQL parses and plans each text anew: three round trips and a plan a
statement. Here values travel beside a prepared statement, and the path is set only where the session stands elsewhere.

That the session stands where this process believes is not trusted: the statement has to be a call of a function that
compares `current_schema()` and `current_user` with the scope it is given and raises `WRONG_SCOPE` otherwise.
"""

from collections.abc import Sequence
from typing import Any, cast

import psycopg
from django.db import connections
from django.db.utils import InterfaceError, OperationalError

from core.postgres.base import DatabaseWrapper

# SQLSTATE of a function that finds itself in another scope than the caller's.
WRONG_SCOPE = "PN001"
_LOST = (OperationalError, InterfaceError)
Row = tuple[Any, ...]


def call_function(statement: bytes, values: Sequence[Any]) -> Row:
    """The one row of `SELECT … FROM function(…)`, prepared once a connection; `%b` places bind in binary.

    Outside a transaction it commits by itself; inside one it is undone with it, and alone when it raises. The call
    has to be safe to repeat: a connection that broke is replaced and the call made once more, since nobody can tell
    whether the first one was committed. Raises Django's database errors.
    """
    wrapper = cast(DatabaseWrapper, connections["default"])
    if wrapper.in_atomic_block:
        return _in_savepoint(wrapper, statement, values)
    try:
        return _run(wrapper, statement, values)
    except _LOST:
        if wrapper.connection is not None and not wrapper.connection.broken:
            raise
        # Idle connections die with a restarted server; what the mapper's health check would have found first.
        wrapper.close()
        return _run(wrapper, statement, values)


def _in_savepoint(wrapper: DatabaseWrapper, statement: bytes, values: Sequence[Any]) -> Row:
    sid = wrapper.savepoint()
    try:
        row = _run(wrapper, statement, values)
    except BaseException:
        wrapper.savepoint_rollback(sid)
        raise
    wrapper.savepoint_commit(sid)
    return row


def _run(wrapper: DatabaseWrapper, statement: bytes, values: Sequence[Any]) -> Row:
    with wrapper.wrap_database_errors:
        wrapper.stand_in_scope()
        try:
            return _executed(wrapper, statement, values)
        except psycopg.DatabaseError as error:
            if error.sqlstate != WRONG_SCOPE or wrapper.in_atomic_block:
                raise
            # Somebody moved the session behind our back: set it anew, and let a second refusal be an error.
            wrapper.search_path_set_schemas = None
            wrapper.session_scope = None
            wrapper.stand_in_scope()
            return _executed(wrapper, statement, values)


def _executed(wrapper: DatabaseWrapper, statement: bytes, values: Sequence[Any]) -> Row:
    # Not the connection's own cursor class, which binds on the client as the mapper needs.
    cursor = psycopg.Cursor(wrapper.connection)
    cursor.execute(statement, values, prepare=True)
    row = cursor.fetchone()
    assert row is not None
    return row
