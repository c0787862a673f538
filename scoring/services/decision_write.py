"""Writing one decision: one call of `scoring_write_decision`, one round trip, one commit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.utils import DatabaseError
from psycopg.types.numeric import Int2, Int4, Int8

from core.errors import Conflict
from core.postgres.direct import call_function
from core.tenancy import BankContext
from core.vault import SubjectKey
from scoring import decision_function

# How a value travels: integers with the width of the argument, so that the statement is prepared once.
_WIDTHS: dict[str, Callable[[Any], Any]] = {"smallint": Int2, "integer": Int4, "bigint": Int8}
# What costs less in binary; text and JSON go as they are.
_BINARY = ("uuid", "bytea", "timestamptz", "double precision", *_WIDTHS)


def _places() -> str:
    kinds = decision_function.ARGUMENTS.values()
    # The cast of a nullable one: NULL alone has no type, and the statement is prepared for one type.
    return ", ".join(f"{'%b' if kind in _BINARY else '%s'}::{kind}" for kind in kinds)


_STATEMENT = f"SELECT * FROM {decision_function.NAME}({_places()})".encode()  # noqa: S608 - our own names
_DECISION = tuple((name, _WIDTHS.get(kind)) for name, kind in decision_function.DECISION.items())


@dataclass(frozen=True, slots=True)
class Party:
    """Whose decision it is, encrypted: the application's row and the person's key, as they will be kept."""

    application: UUID
    reference_index: bytes
    reference: bytes
    customer: bytes
    key: SubjectKey


@dataclass(frozen=True, slots=True)
class Kept:
    """What the database holds already: the application with its person, and the person's key, None once erased."""

    application: UUID | None
    subject: bytes | None
    wrapped: bytes | None
    key_version: int


@dataclass(frozen=True, slots=True)
class Written:
    """`said` is written, answered, running, changed or known; only `written` has written anything."""

    said: str
    in_force: str
    kept: Kept


def write_decision(
    *, bank: BankContext, lock: int, asked_model: UUID | None, believed: str, party: Party,
    row: Mapping[str, Any],
) -> Written:  # fmt: skip
    """Write application, key and decision, or nothing. Raises `Conflict` when the application is another person's."""
    values: list[Any] = [
        bank.schema, bank.role, Int8(lock), asked_model, believed,
        party.key.box.subject, party.key.wrapped, Int4(party.key.version),
        party.application, party.reference_index, party.reference, party.customer,
    ]  # fmt: skip
    for name, width in _DECISION:
        value = row[name]
        values.append(value if width is None else width(value))
    try:
        said, in_force, application, subject, wrapped, version = call_function(_STATEMENT, values)
    except DatabaseError as error:
        state = getattr(error.__cause__, "sqlstate", None)
        if state == decision_function.OF_ANOTHER:
            raise application_of_another() from None
        if state == decision_function.ANSWERED_OTHER:
            return Written("answered", "", Kept(None, None, None, 0))
        raise
    return Written(said, in_force, Kept(application, subject, wrapped, version))


def application_of_another() -> Conflict:
    return Conflict(
        "This application reference belongs to another customer.", code="application_of_another"
    )
