"""How long the bank keeps each kind of record."""

from django.db import transaction

from accounts import policies
from audit.services import record
from compliance import permissions
from compliance.models import RetentionSetting
from compliance.selectors.retention import days_in_force
from compliance.services.people import checked_reason
from core.actors import Actor
from core.errors import field_error
from core.retention import find_kind
from core.tenancy import current_bank

LONGEST = 36_525


@transaction.atomic
def set_retention(*, kind: str, days: int, note: str, actor: Actor) -> RetentionSetting:
    """Keep a kind of record for `days` from now on. Raises `InvalidInput` below the jurisdiction's minimum."""
    policies.require(actor, permissions.RETENTION)
    known = find_kind(kind)
    if known is None:
        raise field_error("/kind", "unknown", "There is no such kind of record.")
    rule = known.rule(current_bank().jurisdiction)
    if not max(rule.minimum, 1) <= days <= LONGEST:
        why = f" ({rule.source})" if rule.source else ""
        detail = f"Between {max(rule.minimum, 1)} and {LONGEST} days{why}."
        raise field_error("/days", "out_of_range", detail)
    before = days_in_force()[kind]
    row: RetentionSetting = RetentionSetting.objects.create(
        kind=kind,
        days=days,
        note=checked_reason(note, "note"),
        set_by=actor.key,
        set_by_label=actor.label,
    )
    record(
        actor=actor, action="compliance.retention.set", target="retention", target_id=kind,
        detail={"days": days, "before": before, "note": row.note},
    )  # fmt: skip
    return row
