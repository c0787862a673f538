"""What decides now: asked of the database, remembered with its text, and never believed without being compared."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from core.clock import now
from core.errors import Conflict, field_error
from core.tenancy import current_context
from scoring.choices import Slot
from scoring.decision_function import IN_FORCE
from scoring.runtime.bundles import Live
from scoring.services.calls import Call, lock_of
from scoring.services.people import key_of

MOST = 10_000
# One round trip: is this call running elsewhere, was it answered, and what is in force now.
_LOOK = f"""
SELECT pg_try_advisory_xact_lock(%(lock)s),
    EXISTS (SELECT FROM scoring_decision WHERE client = %(client)s AND idempotency_key = %(key)s),
    {IN_FORCE.format(at="%(at)s", model="%(model)s::uuid")}
"""  # noqa: S608 - our own text


@dataclass(frozen=True, slots=True)
class InForce:
    """The versions in force as PostgreSQL tells them (`scoring.decision_function.IN_FORCE`), and their meaning.

    `slots` are (model, slot, version), `flows` the policy version of each model.
    """

    text: str
    slots: tuple[tuple[str, str, str], ...]
    flows: Mapping[str, str]

    def live(self) -> Live:
        """What decides. Raises `Conflict` when nothing can, `InvalidInput` when several can."""
        champions = [(m, version) for m, slot, version in self.slots if slot == Slot.CHAMPION]
        if not champions:
            raise Conflict("No model is live that could decide this.", code="no_champion")
        if len(champions) > 1:
            raise field_error("/model", "required", "Several models decide here: name one.")
        model, champion = champions[0]
        if model not in self.flows:
            raise Conflict("No policy is in force for the model.", code="no_policy")
        watchers = tuple((s, v) for m, s, v in self.slots if m == model and s != Slot.CHAMPION)
        return Live(champion, self.flows[model], watchers)


def in_force_from(text: str) -> InForce:
    """The meaning of the database's text: "model slot version,…;model policy-version,…"."""
    slots, _, flows = text.partition(";")
    triples = [tuple(part.split(" ")) for part in slots.split(",") if part]
    pairs = (part.split(" ") for part in flows.split(",") if part)
    return InForce(text, tuple((m, s, v) for m, s, v in triples), dict(pairs))


def look(call: Call, model_id: str | None) -> InForce | None:
    """What is in force, or None when the call was answered before. Raises `Conflict` while it runs elsewhere.

    Inside a transaction the call's lock is held until its end.
    """
    values: dict[str, Any] = {
        "lock": lock_of(current_context().schema, call), "client": key_of(call.client),
        "key": call.key, "model": model_id, "at": now(),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_LOOK, values)
        free, answered, text = cursor.fetchone()
    if not free:
        raise still_running()
    return None if answered else in_force_from(text)


def still_running() -> Conflict:
    return Conflict(
        "A call with this key is still running.", code="idempotency_in_progress", retry_after=1
    )


# By schema and the model asked for (None: whichever decides). Only a guess: the function that writes compares it.
_believed: dict[tuple[str, str | None], InForce] = {}


def believed(schema: str, model_id: str | None) -> InForce | None:
    """What was in force when this process last heard."""
    return _believed.get((schema, model_id))


def believe(schema: str, model_id: str | None, found: InForce) -> None:
    """Remember it for the next call."""
    if len(_believed) >= MOST:
        _believed.clear()
    _believed[schema, model_id] = found


def forget_in_force() -> None:
    """Drop what this process has heard."""
    _believed.clear()
