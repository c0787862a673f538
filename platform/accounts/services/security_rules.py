"""How long sessions live in the scope in force; changed by an administrator, effective at once."""

from datetime import timedelta

from django.db import transaction

from accounts import policies
from accounts.models import SecurityRules, SignIn
from audit.services import record
from core.actors import Actor
from core.errors import FieldError, InvalidInput

RANGES = {"idle_minutes": (1, 720), "absolute_hours": (1, 24), "fresh_minutes": (1, 240)}


def current_rules() -> SecurityRules:
    """The stored row, or the defaults."""
    return SecurityRules.objects.first() or SecurityRules()


@transaction.atomic
def change_rules(
    *, idle_minutes: int, absolute_hours: int, fresh_minutes: int, actor: Actor
) -> SecurityRules:
    """Set the rules; sessions that are open already are shortened or lengthened with them."""
    policies.require(actor, "accounts.rules.change")
    wanted = {
        "idle_minutes": idle_minutes,
        "absolute_hours": absolute_hours,
        "fresh_minutes": fresh_minutes,
    }
    errors = [
        FieldError(f"/{name}", "out_of_range", f"Between {low} and {high}.")
        for name, (low, high) in RANGES.items()
        if not low <= wanted[name] <= high
    ]
    if errors:
        raise InvalidInput(errors=errors)
    rules = SecurityRules.objects.select_for_update().first() or SecurityRules()
    before = {name: getattr(rules, name) for name in RANGES}
    for name, value in wanted.items():
        setattr(rules, name, value)
    rules.save()
    for row in SignIn.objects.select_for_update().filter(ended_at=None).order_by("pk"):
        row.idle_seconds = idle_minutes * 60
        row.expires_at = min(row.expires_at, row.created_at + timedelta(hours=absolute_hours))
        row.save(update_fields=["idle_seconds", "expires_at"])
    record(
        actor=actor, action="accounts.rules.change", target="security_rules", target_id=str(rules.pk),
        detail={"before": before, "after": wanted},
    )  # fmt: skip
    return rules
