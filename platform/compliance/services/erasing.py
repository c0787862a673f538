"""A person's erasure: asked for by one, approved by another, then done by a job."""

import json
from collections.abc import Mapping, Sequence

from django.db import transaction

from accounts import policies
from audit.services import record
from compliance import permissions
from compliance.choices import ErasureState
from compliance.models import Erasure
from compliance.selectors.holds import HoldView, holds_on_person
from compliance.services.lock_objects import lock_bank, locked_erasure
from compliance.services.people import checked_reason, require_another, require_person
from compliance.services.person_finding import find_person
from core.actors import Actor
from core.clock import now
from core.erasure import Person
from core.errors import Conflict, field_error
from core.ids import new_id
from core.vault import vault
from jobs.services import start_job

KIND = "compliance.erasure"
PURPOSE = "compliance.erasure"


class LegalHoldInTheWay(Conflict):
    code = "legal_hold"
    title = "A legal hold keeps these records"


def own_secret(erasure_id: str) -> str:
    """Under whose key the references of a request stand: destroyed when the request is done."""
    return f"erasure:{erasure_id}"


@transaction.atomic
def request_erasure(
    *,
    reason: str,
    confirm: str,
    actor: Actor,
    customer: str = "",
    application: str = "",
    identities: Sequence[Mapping[str, str]] = (),
) -> Erasure:
    """Ask for everything of a person to become unreadable. `confirm` repeats the reference, letter for letter.

    Raises `InvalidInput`, `LegalHoldInTheWay` (409), `Conflict` when it is asked for or done already.
    """
    policies.require(actor, permissions.ERASE)
    text = checked_reason(reason)
    if confirm != (customer or application):
        raise field_error("/confirm", "not_the_same", "Repeat the reference letter for letter.")
    lock_bank()
    person = find_person(customer=customer, application=application, identities=identities)
    refuse_held(holds_on_person(person))
    box = vault()
    if box.erased_ids(list(person.subjects)) == person.subjects:
        raise Conflict("This person was erased already.", code="erased")
    subject = sorted(person.subjects)[0]
    if Erasure.objects.filter(
        subject__in=list(person.subjects), state__in=[ErasureState.REQUESTED, ErasureState.RUNNING]
    ).exists():
        raise Conflict("An erasure of this person is open already.", code="erasure_open")
    key = new_id()
    row = Erasure(
        id=key,
        subject=subject,
        references=sealed_person(str(key), person),
        reason=text,
        requested_by=actor.key,
        requested_by_label=actor.label,
    )
    row.save(force_insert=True)
    note(row, actor, "request")
    return row


@transaction.atomic
def approve_erasure(*, erasure_id: str, actor: Actor) -> Erasure:
    """Approve as another person and start the job. Raises `FourEyes`, `LegalHoldInTheWay`, `Conflict`."""
    require_person(actor, permissions.APPROVE)
    lock_bank()
    row = locked_erasure(erasure_id)
    if row.state not in (ErasureState.REQUESTED, ErasureState.BLOCKED):
        raise Conflict(f"The erasure is {row.state}.", code="erasure_state")
    require_another(actor, row.requested_by)
    refuse_held(holds_on_person(read_person(row)))
    job = start_job(kind=KIND, params={"erasure": str(row.id)}, actor=actor, title="")
    row.state, row.approved_by, row.approved_by_label = (
        ErasureState.RUNNING,
        actor.key,
        actor.label,
    )
    row.approved_at, row.job_id, row.note = now(), job.id, ""
    row.save()
    note(row, actor, "approve")
    return row


@transaction.atomic
def refuse_erasure(*, erasure_id: str, reason: str, actor: Actor) -> Erasure:
    """Turn a request down with a reason; its references become unreadable."""
    require_person(actor, permissions.APPROVE)
    row = locked_erasure(erasure_id)
    if row.state not in (ErasureState.REQUESTED, ErasureState.BLOCKED):
        raise Conflict(f"The erasure is {row.state}.", code="erasure_state")
    row.state, row.note, row.finished_at = ErasureState.REFUSED, checked_reason(reason), now()
    row.save()
    vault().erase_subject(own_secret(str(row.id)))
    note(row, actor, "refuse")
    return row


def refuse_held(holds: Sequence[HoldView]) -> None:
    """Raise `LegalHoldInTheWay` naming the holds."""
    if holds:
        named = ", ".join(hold.id for hold in holds[:10])
        raise LegalHoldInTheWay(f"A legal hold keeps these records: {named}.")


def sealed_person(erasure_id: str, person: Person) -> bytes:
    """The references of a request as one envelope."""
    document = {
        "subjects": sorted(s.hex() for s in person.subjects),
        "customers": sorted(person.customers),
        "applications": sorted(person.applications),
        "identities": {name: sorted(values) for name, values in person.identities.items()},
    }
    text = json.dumps(document, sort_keys=True, ensure_ascii=False).encode()
    return vault().encrypt_for_subject(own_secret(erasure_id), PURPOSE, erasure_id, text)


def read_person(row: Erasure) -> Person:
    """Whom a request is about. Raises `SubjectErased` once it is done."""
    key = str(row.id)
    opened = vault().decrypt_for_subject(own_secret(key), PURPOSE, key, bytes(row.references))
    document = json.loads(opened)
    return Person(
        frozenset(bytes.fromhex(s) for s in document["subjects"]),
        frozenset(document["customers"]),
        frozenset(document["applications"]),
        {name: frozenset(values) for name, values in document["identities"].items()},
    )


def note(row: Erasure, actor: Actor, verb: str, **detail: object) -> None:
    """The audit entry of a step; it names the request, never the person."""
    record(
        actor=actor, action=f"compliance.erasure.{verb}", target="erasure", target_id=str(row.id),
        detail={"state": row.state, **detail},
    )  # fmt: skip
