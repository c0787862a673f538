"""Which bank the running code works for; with none set, the database refuses to answer.

A *scope* is entered explicitly and left by the same `with`: `bank_scope` for a bank's run-time role,
`owner_scope` for migrations of a bank's schema, `public_scope` for the platform's own tables. Scopes nest and
restore what was there before, also after an exception. A thread, a command or a task that enters none gets
`NoBankSet` at its first query.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, cast

from django.db import connections

PUBLIC_SCHEMA = "public"
# State of a bank, active but for its schema, which lacks something the code needs: its migration is awaited.
UPGRADING = "upgrading"


class NoBankSet(RuntimeError):
    """A query was about to run although no scope was entered."""


class WrongBank(RuntimeError):
    """A queryset built in one bank's scope was evaluated in another's."""


class BankUpgrading(RuntimeError):
    """The bank's schema has yet to be migrated to what this code needs."""


class UnknownBank(LookupError):
    """No bank answers to this host or schema."""


@dataclass(frozen=True, slots=True)
class BankContext:
    """What the lower layers may know of a bank. `limits` maps a quota's code to its number.

    `used` is the month's use as it was counted at `counted_at`; it begins anew at `renews_at`.
    """

    schema: str
    role: str
    name: str
    state: str
    modules: frozenset[str]
    limits: Mapping[str, int] = field(default_factory=dict)
    time_zone: str = "UTC"
    currency: str = "CNY"
    jurisdiction: str = "CN"
    language: str = "en"
    host: str = ""
    # Empty unless the bank was imported: then the realm it was exported with.
    realm_name: str = ""
    used: Mapping[str, int] = field(default_factory=dict)
    counted_at: datetime | None = None
    renews_at: datetime | None = None

    @property
    def schema_name(self) -> str:
        """The name django-tenants asks for."""
        return self.schema

    @property
    def realm(self) -> str:
        """What the bank's keys and seals are bound to; it goes with the bank into an export and back."""
        return self.realm_name or self.schema

    @property
    def is_active(self) -> bool:
        return self.state == "active"


@dataclass(frozen=True, slots=True)
class OwnerContext:
    """The scope of a migration: the bank's schema under its owner role."""

    schema: str
    role: str

    @property
    def schema_name(self) -> str:
        return self.schema


@dataclass(frozen=True, slots=True)
class PublicContext:
    """The platform's own tables under the login role itself."""

    schema: str = PUBLIC_SCHEMA
    role: str = "none"

    @property
    def schema_name(self) -> str:
        return self.schema


Context = BankContext | OwnerContext | PublicContext
PUBLIC = PublicContext()


def run_role(schema: str) -> str:
    """The database role a bank's requests and jobs run under."""
    return f"{schema}__run"


def owner_role(schema: str) -> str:
    """The database role that owns a bank's tables; used by migrations only."""
    return f"{schema}__own"


class BankDirectory(Protocol):
    """Finds banks; implemented by `tenants`, which registers itself at start-up."""

    def by_host(self, host: str) -> BankContext: ...

    def by_schema(self, schema: str) -> BankContext: ...

    def active(self) -> list[BankContext]: ...

    def active_after(self, schema: str, most: int) -> list[BankContext]: ...


_directory: list[BankDirectory] = []


def register_directory(directory: BankDirectory) -> None:
    _directory[:] = [directory]


def bank_directory() -> BankDirectory:
    if not _directory:
        raise RuntimeError("No bank directory is registered.")
    return _directory[0]


class _ScopedConnection(Protocol):
    scope: Context | None

    def enter_scope(self, scope: Context | None) -> None: ...


def _connection() -> _ScopedConnection:
    return cast(_ScopedConnection, connections["default"])


@contextmanager
def _scope(context: Context) -> Iterator[Context]:
    connection = _connection()
    before = connection.scope
    connection.enter_scope(context)
    try:
        yield context
    finally:
        connection.enter_scope(before)


@contextmanager
def bank_scope(bank: BankContext | str) -> Iterator[BankContext]:
    """Work for one bank (a context or its schema name) under its run-time role."""
    context = bank_directory().by_schema(bank) if isinstance(bank, str) else bank
    with _scope(context):
        yield context


@contextmanager
def owner_scope(schema: str) -> Iterator[OwnerContext]:
    """Work as the owner of a bank's tables: migrations and provisioning only."""
    context = OwnerContext(schema=schema, role=owner_role(schema))
    with _scope(context):
        yield context


@contextmanager
def public_scope() -> Iterator[PublicContext]:
    """Work on the platform's own tables."""
    with _scope(PUBLIC):
        yield PUBLIC


@contextmanager
def context_scope(context: Context) -> Iterator[Context]:
    """Enter a context taken from `current_context`, for instance in a helper thread."""
    with _scope(context):
        yield context


def current_context() -> Context:
    """The scope in force. Raises `NoBankSet` outside any."""
    scope = _connection().scope
    if scope is None:
        raise NoBankSet("No bank is set: enter core.tenancy.bank_scope or public_scope first.")
    return scope


def realm_of(schema: str) -> str:
    """What keys and seals of a schema are bound to; the schema itself where no bank of it is known."""
    scope = _connection().scope
    if isinstance(scope, BankContext) and scope.schema == schema:
        return scope.realm
    if schema == PUBLIC_SCHEMA or not _directory:
        return schema
    try:
        return _directory[0].by_schema(schema).realm
    except UnknownBank:
        return schema


def current_schema() -> str | None:
    """Schema of the scope in force, or None outside any."""
    scope = _connection().scope
    return scope.schema if scope is not None else None


def current_bank() -> BankContext:
    """The bank in force. Raises `NoBankSet` in the public scope or outside any."""
    context: Any = current_context()
    if not isinstance(context, BankContext):
        raise NoBankSet(f"The scope in force is {context.schema!r}, not a bank's.")
    return context
