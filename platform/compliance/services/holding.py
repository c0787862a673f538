"""Legal holds: proposed by one, confirmed by another; lifted the same way. A proposed one holds already."""

from django.db import transaction

from accounts import policies
from audit.services import record
from compliance import permissions
from compliance.choices import HoldScope, HoldState
from compliance.models import LegalHold
from compliance.selectors.holds import PURPOSE
from compliance.services.lock_objects import lock_bank, locked_hold
from compliance.services.people import checked_reason, require_another, require_person
from compliance.services.person_finding import find_person
from core.actors import Actor
from core.clock import now
from core.errors import Conflict, field_error
from core.ids import new_id
from core.retention import find_kind
from core.vault import vault


@transaction.atomic
def propose_hold(
    *,
    scope: str,
    reason: str,
    actor: Actor,
    customer: str = "",
    application: str = "",
    target: str = "",
    target_label: str = "",
) -> LegalHold:
    """Hold a person (by customer or application), a dataset (by id) or a whole kind of record, from now on.

    Raises `InvalidInput`, `Conflict` when the person was erased already.
    """
    policies.require(actor, permissions.HOLD)
    lock_bank()
    row = LegalHold(
        id=new_id(),
        scope=scope,
        reason=checked_reason(reason),
        proposed_by=actor.key,
        proposed_by_label=actor.label,
    )
    if scope == HoldScope.PERSON:
        _name_person(row, customer, application)
    elif scope in (HoldScope.DATASET, HoldScope.KIND):
        row.target, row.target_label = _checked_target(scope, target), target_label[:200]
    else:
        raise field_error("/scope", "unknown", f"One of {', '.join(HoldScope.values)}.")
    row.save(force_insert=True)
    _note(row, actor, "propose")
    return row


def _name_person(row: LegalHold, customer: str, application: str) -> None:
    person = find_person(customer=customer, application=application)
    words = next(iter(sorted(person.customers)))
    box = vault()
    if box.is_erased(words):
        raise Conflict("This person was erased: there is nothing left to hold.", code="erased")
    opened = box.subject_box(words)
    row.subject = opened.subject
    row.reference = opened.seal(PURPOSE, str(row.id), words.encode())


def _checked_target(scope: str, target: str) -> str:
    text = target.strip()
    if not text or len(text) > 100 or "\x00" in text:
        raise field_error("/target", "required", "What is held has to be named.")
    if scope == HoldScope.KIND and find_kind(text) is None:
        raise field_error("/target", "unknown", "There is no such kind of record.")
    return text


@transaction.atomic
def approve_hold(*, hold_id: str, actor: Actor) -> LegalHold:
    """Confirm as another person. Raises `FourEyes`, `Conflict`."""
    require_person(actor, permissions.APPROVE)
    row = locked_hold(hold_id)
    if row.state != HoldState.PROPOSED:
        raise _not_now(row)
    require_another(actor, row.proposed_by)
    row.state, row.approved_by, row.approved_by_label = HoldState.ACTIVE, actor.key, actor.label
    row.approved_at = now()
    row.save()
    _note(row, actor, "approve")
    return row


@transaction.atomic
def ask_lifting(*, hold_id: str, reason: str, actor: Actor) -> LegalHold:
    """Ask that a hold ends; it goes on until another person lifts it."""
    require_person(actor, permissions.HOLD)
    row = locked_hold(hold_id)
    if row.state not in (HoldState.PROPOSED, HoldState.ACTIVE):
        raise _not_now(row)
    row.state, row.lifting_by, row.lifting_by_label = HoldState.LIFTING, actor.key, actor.label
    row.lifting_reason = checked_reason(reason)
    row.save()
    _note(row, actor, "ask_lifting")
    return row


@transaction.atomic
def lift_hold(*, hold_id: str, actor: Actor) -> LegalHold:
    """End a hold as another person than who asked for it. Raises `FourEyes`, `Conflict`."""
    require_person(actor, permissions.APPROVE)
    lock_bank()
    row = locked_hold(hold_id)
    if row.state != HoldState.LIFTING:
        raise _not_now(row)
    require_another(actor, row.lifting_by)
    row.state, row.lifted_by, row.lifted_by_label = HoldState.LIFTED, actor.key, actor.label
    row.lifted_at = now()
    row.save()
    _note(row, actor, "lift")
    return row


def _not_now(row: LegalHold) -> Conflict:
    return Conflict(f"The hold is {row.state}.", code="hold_state")


def _note(row: LegalHold, actor: Actor, verb: str) -> None:
    record(
        actor=actor,
        action=f"compliance.hold.{verb}",
        target="legal_hold",
        target_id=str(row.id),
        detail={"scope": row.scope, "target": row.target, "state": row.state},
    )
