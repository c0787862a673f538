"""Outcomes: what the bank reports about decided applications, matched by blind index, each word kept once."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from accounts import policies
from audit.services import record
from core.actors import Actor
from core.clock import now
from core.errors import FieldError, InvalidInput, field_error
from core.ids import new_id
from core.vault import vault
from scoring import permissions
from scoring.choices import OutcomeSource
from scoring.engine.artifact import canonical
from scoring.models import Application, DefaultDefinition
from scoring.services.applications import reference_index

MAX_OUTCOMES = 1_000
MAX_DAYS = 36_500
MAX_MINOR = 10**15
REFERENCE_LENGTH = 100
# Clocks of two systems differ; a day of tomorrow is a day somewhere.
AHEAD = timedelta(days=1)
EARLIEST = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class OutcomeIn:
    """One report: how the case of `application` stood on `as_of`; money in minor units."""

    application: str
    as_of: date
    days_past_due: int
    balance_minor: int | None = None
    in_default: bool = False
    closed: bool = False
    known_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A report that belongs to no application; `place` counts the reports from 0."""

    place: int
    reason: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of reports: new ones stored, repeated ones left as they are, the others named."""

    stored: int
    repeated: int
    unmatched: tuple[Unmatched, ...]


# One statement: what was said already stays as it is.
_ADD = """
INSERT INTO scoring_outcomeobservation (id, created_at, application_id, as_of, days_past_due, balance_minor,
    in_default, closed, known_at, source, content_hash, told_by)
SELECT id, %(at)s, application, as_of, dpd, balance, in_default, closed, known_at, %(source)s, hash, %(by)s
FROM unnest(%(ids)s::uuid[], %(applications)s::uuid[], %(days)s::date[], %(dpds)s::int[], %(balances)s::bigint[],
    %(defaults)s::bool[], %(closeds)s::bool[], %(knowns)s::timestamptz[], %(hashes)s::bytea[])
    AS new (id, application, as_of, dpd, balance, in_default, closed, known_at, hash)
ON CONFLICT (application_id, as_of, content_hash) DO NOTHING
"""


@transaction.atomic
def report_outcomes(*, outcomes: Sequence[OutcomeIn], actor: Actor) -> Taken:
    """Take up to 1,000 reports: all of them valid or none; those of unknown applications are named, not stored.

    Raises `InvalidInput` with a pointer to each fault.
    """
    policies.require(actor, permissions.OUTCOME)
    if not 1 <= len(outcomes) <= MAX_OUTCOMES:
        raise field_error("/outcomes", "out_of_range", f"1 to {MAX_OUTCOMES} outcomes.")
    faults = [f for place, one in enumerate(outcomes) for f in faults_of(one, f"/outcomes/{place}")]
    if faults:
        raise InvalidInput("The outcomes are not valid.", errors=faults[:100])
    taken = take_outcomes(outcomes, source=OutcomeSource.REST, by=actor.label)
    record(
        actor=actor, action="scoring.outcome.report", target="outcome", target_id="",
        detail={"stored": taken.stored, "repeated": taken.repeated, "unmatched": len(taken.unmatched)},
    )  # fmt: skip
    return taken


def faults_of(one: OutcomeIn, prefix: str) -> list[FieldError]:
    """What is wrong with a report in itself."""
    out = []
    if not one.application.strip() or len(one.application) > REFERENCE_LENGTH:
        detail = f"A reference of 1 to {REFERENCE_LENGTH} characters is expected."
        out.append(FieldError(f"{prefix}/application", "invalid_reference", detail))
    if "\x00" in one.application:
        out.append(FieldError(f"{prefix}/application", "invalid_reference", "NUL is not allowed."))
    if not EARLIEST <= one.as_of <= (now() + AHEAD).date():
        out.append(
            FieldError(f"{prefix}/as_of", "out_of_range", "A day that has been is expected.")
        )
    if not 0 <= one.days_past_due <= MAX_DAYS:
        out.append(FieldError(f"{prefix}/days_past_due", "out_of_range", f"0 to {MAX_DAYS}."))
    if one.balance_minor is not None and abs(one.balance_minor) > MAX_MINOR:
        out.append(FieldError(f"{prefix}/balance_minor", "out_of_range", "Beyond 10^15."))
    if one.known_at is not None and one.known_at > now() + AHEAD:
        out.append(FieldError(f"{prefix}/known_at", "out_of_range", "A moment that has been."))
    if one.closed and (one.in_default or one.days_past_due):
        detail = "A case closed in good order is neither past due nor in default."
        out.append(FieldError(f"{prefix}/closed", "contradiction", detail))
    return out


def take_outcomes(outcomes: Sequence[OutcomeIn], *, source: str, by: str) -> Taken:
    """Match and store valid reports, in the caller's transaction: three statements whatever their number."""
    box = vault()
    indexes = [reference_index(box, one.application) for one in outcomes]
    found = {
        bytes(index): (key, bytes(subject))
        for index, key, subject in Application.objects.filter(
            reference_index__in=list(dict.fromkeys(indexes))
        ).values_list("reference_index", "id", "subject")
    }
    erased = box.erased_ids([subject for _key, subject in found.values()])
    matched: list[tuple[UUID, OutcomeIn]] = []
    unmatched: list[Unmatched] = []
    for place, (index, one) in enumerate(zip(indexes, outcomes, strict=True)):
        key, subject = found.get(index, (None, b""))
        if key is None or subject in erased:
            unmatched.append(Unmatched(place, "unknown_application"))
        else:
            matched.append((key, one))
    stored = _add(matched, source=source, by=by) if matched else 0
    return Taken(stored, len(matched) - stored, tuple(unmatched))


def _add(matched: Sequence[tuple[UUID, OutcomeIn]], *, source: str, by: str) -> int:
    moment = now()
    values: dict[str, Any] = {
        "at": moment,
        "source": source,
        "by": by[:254],
        "ids": [new_id() for _ in matched],
        "applications": [key for key, _one in matched],
        "days": [one.as_of for _key, one in matched],
        "dpds": [one.days_past_due for _key, one in matched],
        "balances": [one.balance_minor for _key, one in matched],
        "defaults": [one.in_default for _key, one in matched],
        "closeds": [one.closed for _key, one in matched],
        "knowns": [one.known_at or moment for _key, one in matched],
        "hashes": [content_hash(one) for _key, one in matched],
    }
    with connection.cursor() as cursor:
        cursor.execute(_ADD, values)
        return int(cursor.rowcount)


def content_hash(one: OutcomeIn) -> bytes:
    """SHA-256 (32 bytes) of what a report says of its day; when the bank knew is part of it where it was told."""
    known = one.known_at.astimezone(UTC).isoformat() if one.known_at else ""
    parts = [one.days_past_due, one.balance_minor, one.in_default, one.closed, known]
    return hashlib.sha256(canonical(parts)).digest()


@transaction.atomic
def set_default_definition(
    *, days_past_due: int, months: int, use_flag: bool, note: str, actor: Actor
) -> DefaultDefinition:
    """What counts as default from now on; figures are worked out anew by it. Raises `InvalidInput`."""
    policies.require(actor, permissions.DEFAULT)
    if not 1 <= days_past_due <= 720:
        raise field_error("/days_past_due", "out_of_range", "1 to 720 days.")
    if not 1 <= months <= 60:
        raise field_error("/months", "out_of_range", "1 to 60 months.")
    text = note.strip()
    if not text or len(text) > 1_000 or "\x00" in text:
        raise field_error("/note", "required", "A note of 1 to 1,000 characters is required.")
    row: DefaultDefinition = DefaultDefinition.objects.create(
        days_past_due=days_past_due,
        months=months,
        use_flag=use_flag,
        note=text,
        set_by=actor.key,
        set_by_label=actor.label,
    )
    record(
        actor=actor, action="scoring.default.set", target="default_definition", target_id=str(row.id),
        detail={"days_past_due": days_past_due, "months": months, "use_flag": use_flag, "note": text},
    )  # fmt: skip
    return row
