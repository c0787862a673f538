"""Changing what a bank may use: a plan's quotas, and what is agreed for one bank beside its plan."""

from collections.abc import Mapping
from datetime import date

from django.db import transaction

from accounts import policies
from audit.services import record
from core.actors import Actor
from core.clock import now
from core.errors import Conflict, FieldError, InvalidInput, NotFound
from tenants.directory import directory
from tenants.models import Bank, Plan, QuotaOverride
from tenants.quotas import QUOTAS
from tenants.services.operators import key_of

LARGEST = 2**62


@transaction.atomic
def change_plan_quotas(*, code: str, quotas: Mapping[str, int], actor: Actor) -> Plan:
    """Give a plan these quotas; in force for all its banks within five seconds. Raises `InvalidInput`."""
    policies.require(actor, "tenants.bank.change")
    plan = Plan.objects.select_for_update().filter(code=code).first()
    if plan is None:
        raise NotFound("No such plan.")
    errors = [
        error for name, limit in quotas.items() if (error := _fault(f"/quotas/{name}", name, limit))
    ]
    if errors:
        raise InvalidInput("The quotas cannot be set.", errors=errors)
    before, plan.quotas = dict(plan.quotas), dict(quotas)
    plan.save(update_fields=["quotas"])
    record(
        actor=actor, action="tenants.plan.quotas", target="plan", target_id=code,
        detail={"from": before, "to": dict(quotas)},
    )  # fmt: skip
    transaction.on_commit(directory.forget)
    return plan


@transaction.atomic
def grant_override(
    *,
    slug: str,
    quota: str,
    limit: int | None,
    reason: str,
    actor: Actor,
    valid_from: date | None = None,
    valid_to: date | None = None,
) -> QuotaOverride:
    """Another limit for one bank, from a day to a day of its own; None is no limit. Raises `InvalidInput`."""
    policies.require(actor, "tenants.bank.change")
    bank = Bank.objects.filter(slug=slug).first()
    if bank is None:
        raise NotFound("No such bank.")
    begin = valid_from or now().date()
    errors = [_fault("/limit" if quota in QUOTAS else "/quota", quota, limit)]
    if not reason.strip() or len(reason) > 500 or "\x00" in reason:
        errors.append(FieldError("/reason", "required", "A reason of 1 to 500 characters."))
    if valid_to is not None and valid_to < begin:
        errors.append(FieldError("/valid_to", "out_of_order", "It ends before it begins."))
    found = [error for error in errors if error]
    if found:
        raise InvalidInput("The override cannot be granted.", errors=found)
    override: QuotaOverride = QuotaOverride.objects.create(
        bank=bank, quota=quota, limit=limit, valid_from=begin, valid_to=valid_to, reason=reason.strip(),
        created_by=key_of(actor), created_by_label=actor.label,
    )  # fmt: skip
    record(
        actor=actor, action="tenants.quota.override", target="bank", target_id=slug,
        detail={
            "override": str(override.pk), "quota": quota, "limit": limit, "from": str(begin),
            "to": str(valid_to) if valid_to else None, "reason": override.reason,
        },
    )  # fmt: skip
    transaction.on_commit(directory.forget)
    return override


@transaction.atomic
def end_override(*, override_id: str, reason: str, actor: Actor) -> QuotaOverride:
    """Back to the plan's limit at once."""
    policies.require(actor, "tenants.bank.change")
    override = (
        QuotaOverride.objects.select_for_update(of=("self",))
        .select_related("bank")
        .filter(pk=override_id)
        .first()
    )
    if override is None:
        raise NotFound("No such override.")
    if override.ended_at is not None:
        raise Conflict("The override has ended already.", code="override_ended")
    if not reason.strip():
        raise InvalidInput(
            "A reason is required.",
            errors=[FieldError("/reason", "required", "A reason is required.")],
        )
    override.ended_at = now()
    override.save(update_fields=["ended_at"])
    record(
        actor=actor, action="tenants.quota.override_end", target="bank",
        target_id=override.bank.slug,
        detail={"override": str(override.pk), "quota": override.quota, "reason": reason[:500]},
    )  # fmt: skip
    transaction.on_commit(directory.forget)
    return override


def _fault(pointer: str, quota: str, limit: object) -> FieldError | None:
    if quota not in QUOTAS:
        return FieldError(pointer, "unknown_quota", f"One of {', '.join(QUOTAS)}.")
    if limit is None:
        return None
    if isinstance(limit, bool) or not isinstance(limit, int) or not 0 <= limit <= LARGEST:
        return FieldError(pointer, "out_of_range", "A whole number from 0 on.")
    return None
