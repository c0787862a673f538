"""Decisions: validated, computed, written with the subject's key in one transaction, and only then answered."""

from dataclasses import dataclass

from django.db import IntegrityError, transaction

from accounts import policies
from core.errors import IdempotencyMismatch, InvalidInput, field_error
from core.metering import admit
from core.tenancy import current_context
from scoring import permissions
from scoring.runtime.bundles import model_ids
from scoring.runtime.cases import request_faults
from scoring.selectors import decisions as selectors
from scoring.selectors.live import model_id_of
from scoring.services.calls import Call
from scoring.services.deciding_many import decide_many
from scoring.services.deciding_one import decide_one
from scoring.services.in_force import look
from scoring.services.people import key_of


@dataclass(frozen=True, slots=True)
class Decided:
    """The answers in the order asked; `replayed` when an earlier call had given them."""

    decisions: tuple[selectors.DecisionView, ...]
    replayed: bool


def decide_applications(*, call: Call) -> Decided:
    """Decide all applications of a call or none. The rows are durable when this returns.

    Raises `InvalidInput`, `IdempotencyMismatch`, `Conflict` (no champion, no policy, the same call still running),
    `SubjectErased`.
    """
    policies.require(call.client, permissions.DECIDE)
    faults = [
        f
        for one, p in zip(call.applications, call.prefixes, strict=True)
        for f in request_faults(one, p)
    ]
    if faults:
        raise InvalidInput("The input is not valid.", errors=faults[:100])
    model_id = _model_of(call)
    if len(call.applications) == 1:
        one = decide_one(call, model_id)
        return Decided((one,), replayed=False) if one else Decided(_earlier(call), replayed=True)
    many = _many(call, model_id)
    return Decided(many, replayed=False) if many else Decided(_earlier(call), replayed=True)


def _many(call: Call, model_id: str | None) -> tuple[selectors.DecisionView, ...] | None:
    """The decisions, or None when the call was answered before."""
    try:
        with transaction.atomic():
            found = look(call, model_id)
            if found is None:
                return None
            admit("decisions", len(call.applications))
            return decide_many(call, found)
    except IntegrityError as error:
        # The same key was committed between our look and our insert: the row that is there is the answer.
        if "scoring_decision_once" not in str(error):
            raise
    return None


def _model_of(call: Call) -> str | None:
    """The one model of a call, None when it names none; models are never deleted, so its id is kept."""
    codes = {one.model for one in call.applications}
    if len(codes) > 1:
        raise field_error("/applications", "several_models", "One call asks one model.")
    code = codes.pop()
    if not code:
        return None
    schema = current_context().schema
    if len(code) > 60 or "\x00" in code:
        raise field_error(f"{call.prefixes[0]}/model", "unknown_model", "There is no such model.")

    def find() -> str:
        found = model_id_of(code)
        if found is None:
            raise field_error(
                f"{call.prefixes[0]}/model", "unknown_model", "There is no such model."
            )
        return found

    return str(model_ids.get((schema, code), find))


def _earlier(call: Call) -> tuple[selectors.DecisionView, ...]:
    """What an earlier call with this key was answered. Raises `IdempotencyMismatch` when it asked something else."""
    rows = list(
        selectors.decision_rows()
        .filter(client=key_of(call.client), idempotency_key=call.key)
        .order_by("position")
    )
    if any(row.body_hash != call.body_hash for row in rows):
        raise IdempotencyMismatch()
    return tuple(selectors.as_view(row) for row in rows)
