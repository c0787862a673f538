"""Showing what a person sent: allowed to few, and each look is written down before it happens."""

from accounts import policies
from audit.services import record_read
from core.actors import Actor
from core.errors import NotFound
from scoring import permissions
from scoring.models import Decision
from scoring.selectors.decisions import Inputs, inputs_of


def reveal_inputs(*, decision_id: str, actor: Actor, purpose: str = "view") -> Inputs:
    """What the person of a decision sent, or that it was erased. Raises `NotFound`, `Forbidden`."""
    policies.require(actor, permissions.DECISION_VIEW)
    row = Decision.objects.select_related("application").filter(pk=decision_id).first()
    if row is None:
        raise NotFound("No such decision.")
    record_read(
        actor=actor, target="decision", target_id=decision_id, detail={"for": purpose[:200]}
    )
    return inputs_of(row)
