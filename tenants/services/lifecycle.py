"""Suspending, resuming and changing the plan of a bank."""

from functools import partial

from django.db import transaction

from accounts import policies
from audit.services import record
from core.actors import Actor
from core.errors import Conflict, NotFound, field_error
from tenants.choices import OPERATOR_TRANSITIONS, BankState
from tenants.directory import directory
from tenants.models import Bank, Plan
from tenants.services.dispatching import tell_queue


def _locked(slug: str) -> Bank:
    bank = Bank.objects.select_for_update().filter(slug=slug).first()
    if bank is None:
        raise NotFound("No such bank.")
    return bank


@transaction.atomic
def change_state(*, slug: str, state: str, actor: Actor, reason: str) -> Bank:
    """Suspend or resume a bank; in force everywhere within the directory's three seconds."""
    policies.require(actor, "tenants.bank.change")
    if not reason.strip():
        raise field_error("/reason", "required", "A reason is required.")
    bank = _locked(slug)
    if (bank.state, state) not in OPERATOR_TRANSITIONS:
        raise Conflict(
            f"A bank that is {bank.state} cannot become {state}.", code="state_not_allowed"
        )
    before, bank.state = bank.state, BankState(state)
    bank.save(update_fields=["state"])
    record(
        actor=actor, action="tenants.bank.state", target="bank", target_id=slug,
        detail={"from": before, "to": state, "reason": reason},
    )  # fmt: skip
    transaction.on_commit(directory.forget)
    transaction.on_commit(partial(tell_queue, bank))
    return bank


@transaction.atomic
def change_plan(*, slug: str, plan: str, actor: Actor) -> Bank:
    """Give the bank another plan: modules, quotas and rate limits change with it."""
    policies.require(actor, "tenants.bank.change")
    bank = _locked(slug)
    new = Plan.objects.filter(code=plan).first()
    if new is None:
        raise field_error("/plan", "unknown_plan", f"There is no plan {plan!r}.")
    before, bank.plan = bank.plan.code, new
    bank.save(update_fields=["plan"])
    record(
        actor=actor, action="tenants.bank.plan", target="bank", target_id=slug,
        detail={"from": before, "to": plan},
    )  # fmt: skip
    transaction.on_commit(directory.forget)
    transaction.on_commit(partial(tell_queue, bank))
    return bank
