"""Applications: the bank's own references, kept under the person's key, found by blind index."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from core.clock import now
from core.errors import Conflict
from core.ids import new_id
from core.vault import SubjectBox, Vault

PURPOSE = "scoring.application"
REFERENCE, CUSTOMER = "reference", "customer"


@dataclass(frozen=True, slots=True)
class Party:
    """An application and its customer, in the bank's own words."""

    application: str
    customer: str


def party(application: str, customer: str) -> Party:
    """Without a customer the application stands for its own person."""
    return Party(application, customer or f"application:{application}")


def reference_index(box: Vault, application: str) -> bytes:
    """By which an application is found again."""
    return box.blind_index(f"{PURPOSE}.{REFERENCE}", application)


def place(column: str, application_id: UUID | str) -> str:
    """The row an encrypted reference is bound to: the application and which of its two columns."""
    return f"{application_id}:{column}"


# One statement: what is new is added, what is there is found.
_FIND_OR_ADD = """
WITH given AS (
    SELECT * FROM unnest(%(ids)s::uuid[], %(indexes)s::bytea[], %(subjects)s::bytea[], %(references)s::bytea[],
                         %(customers)s::bytea[]) AS g (id, reference_index, subject, reference, customer)
), added AS (
    INSERT INTO scoring_application (id, created_at, reference_index, subject, reference, customer)
    SELECT id, %(at)s, reference_index, subject, reference, customer FROM given ORDER BY reference_index
    ON CONFLICT (reference_index) DO NOTHING
    RETURNING id, reference_index, subject
)
SELECT id, reference_index, subject FROM added
UNION ALL
SELECT id, reference_index, subject FROM scoring_application WHERE reference_index = ANY(%(indexes)s)
"""


def find_or_add(
    box: Vault, parties: Sequence[Party], boxes: Mapping[str, SubjectBox]
) -> dict[Party, UUID]:
    """Ids by party; `boxes` by customer. Raises `Conflict` when a reference belongs to another customer."""
    indexes = {p: reference_index(box, p.application) for p in dict.fromkeys(parties)}
    subjects = {p: boxes[p.customer].subject for p in indexes}
    wanted = {index: p for p, index in indexes.items()}
    ids = [new_id() for _ in wanted]
    values: dict[str, Any] = {
        "at": now(),
        "ids": ids,
        "indexes": list(wanted),
        "subjects": [subjects[p] for p in wanted.values()],
        "references": [
            boxes[p.customer].seal(PURPOSE, place(REFERENCE, key), p.application.encode())
            for key, p in zip(ids, wanted.values(), strict=True)
        ],
        "customers": [
            boxes[p.customer].seal(PURPOSE, place(CUSTOMER, key), p.customer.encode())
            for key, p in zip(ids, wanted.values(), strict=True)
        ],
    }
    found: dict[bytes, tuple[UUID, bytes]] = {}
    # Twice only when another transaction added one after this statement's snapshot was taken.
    for _ in range(2):
        with connection.cursor() as cursor:
            cursor.execute(_FIND_OR_ADD, values)
            found |= {bytes(index): (key, bytes(subject)) for key, index, subject in cursor}
        if len(found) == len(wanted):
            break
    for p, index in indexes.items():
        if found[index][1] != subjects[p]:
            raise Conflict(
                "This application reference belongs to another customer.",
                code="application_of_another",
            )
    return {p: found[index][0] for p, index in indexes.items()}
