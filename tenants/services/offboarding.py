"""The end of a bank: two people agree, everything is exported, a waiting time passes, then it is dropped."""

from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts import policies
from audit.services import record
from core.actors import Actor, system_actor
from core.clock import now
from core.errors import Conflict, FourEyes, NotFound, field_error
from jobs.choices import FINAL_STATES, JobState, Queue
from jobs.context import JobContext
from jobs.models import Job
from jobs.registry import JobKind, register
from jobs.services import cancel_job, resume_job, start_job
from tenants import provisioning
from tenants.archive import recipient
from tenants.choices import CANCELLABLE, BankState, OffboardingState
from tenants.directory import directory
from tenants.models import Bank, BankExport, Offboarding
from tenants.services.dispatching import tell_queue
from tenants.services.exporting import start_export
from tenants.services.operators import key_of, require_person

PERMISSION = "tenants.bank.offboard"
REOPEN_KIND, DROP_KIND = "tenants.reopen", "tenants.drop"
TICK_SECONDS = 60.0
RETRY_AFTER = timedelta(minutes=5)


@transaction.atomic
def request_offboarding(*, slug: str, reason: str, recipient_key: str, actor: Actor) -> Offboarding:
    """Ask for the end of a bank; nothing happens to it before a second person agrees."""
    policies.require(actor, PERMISSION)
    if not reason.strip():
        raise field_error("/reason", "required", "A reason is required.")
    if len(reason) > 500 or "\x00" in reason:
        raise field_error("/reason", "too_long", "At most 500 characters.")
    key = recipient.parse_public_key(recipient_key)
    bank = Bank.objects.select_for_update().filter(slug=slug).first()
    if bank is None:
        raise NotFound("No such bank.")
    if bank.state not in (BankState.ACTIVE, BankState.SUSPENDED):
        raise Conflict(f"A bank that is {bank.state} cannot leave.", code="state_not_allowed")
    if bank.offboardings.exclude(state=OffboardingState.CANCELLED).exists():
        raise Conflict("The bank is being off-boarded already.", code="offboarding_open")
    days = bank.plan.offboarding_days
    leaving: Offboarding = Offboarding.objects.create(
        bank=bank, slug=bank.slug, schema=bank.schema_name, bank_name=bank.name, reason=reason.strip(),
        recipient_key=recipient.public_text(key),
        waiting_days=settings.OFFBOARDING_WAIT_DAYS if days is None else days,
        requested_by=key_of(actor), requested_by_label=actor.label,
    )  # fmt: skip
    _note(leaving, "request", actor, reason=leaving.reason)
    return leaving


@transaction.atomic
def approve_offboarding(*, offboarding_id: str, actor: Actor) -> Offboarding:
    """A second person agrees: from now on the bank is not served, and its export begins."""
    require_person(actor, PERMISSION)
    leaving, bank = _locked(offboarding_id)
    if leaving.state != OffboardingState.REQUESTED:
        raise Conflict(f"The off-boarding is {leaving.state}.", code="state_not_allowed")
    if key_of(actor) == leaving.requested_by:
        raise FourEyes("Who asked for the end of a bank does not approve it.")
    leaving.state = OffboardingState.EXPORTING
    leaving.approved_by, leaving.approved_by_label = key_of(actor), actor.label
    leaving.approved_at, leaving.bank_state_before = now(), bank.state
    leaving.export = start_export(bank=bank, recipient_key=leaving.recipient_key, actor=actor)
    leaving.save()
    _move(bank, BankState.CLOSING)
    _note(leaving, "approve", actor)
    return leaving


@transaction.atomic
def cancel_offboarding(*, offboarding_id: str, reason: str, actor: Actor) -> Offboarding:
    """Call it off, up to the moment the drop begins; the bank is served again as before."""
    policies.require(actor, PERMISSION)
    if not reason.strip():
        raise field_error("/reason", "required", "A reason is required.")
    leaving, bank = _locked(offboarding_id)
    if leaving.state not in CANCELLABLE:
        raise Conflict(f"The off-boarding is {leaving.state}.", code="state_not_allowed")
    begun = leaving.state != OffboardingState.REQUESTED
    leaving.state = OffboardingState.CANCELLED
    leaving.cancelled_at, leaving.cancelled_by_label = now(), actor.label
    leaving.cancel_reason = reason.strip()[:500]
    leaving.save()
    _note(leaving, "cancel", actor, reason=leaving.cancel_reason)
    if begun:
        _stop_export(leaving.export)
        # Suspended until its rights are given back, which only the operations' worker can do.
        _move(bank, BankState.SUSPENDED)
        start_job(
            kind=REOPEN_KIND, params={"offboarding": str(leaving.pk)}, actor=actor,
            title=f"{leaving.bank_name}: reopen",
        )  # fmt: skip
    return leaving


def _stop_export(export: BankExport | None) -> None:
    job = Job.objects.filter(pk=export.job_id).first() if export and export.job_id else None
    if job is not None and job.state not in FINAL_STATES:
        cancel_job(job_id=str(job.pk), actor=system_actor("off-boarding"))


def reopen(job: JobContext) -> dict[str, Any]:
    """Handler: the bank's rights come back, then its state."""
    leaving = Offboarding.objects.select_related("bank").get(pk=job.params["offboarding"])
    provisioning.database.apply_grants(leaving.schema)
    with transaction.atomic():
        bank = Bank.objects.select_for_update().get(pk=leaving.bank_id)
        if bank.state == BankState.SUSPENDED and leaving.bank_state_before == BankState.ACTIVE:
            _move(bank, BankState.ACTIVE)
        _note(leaving, "reopen", job.actor, state=bank.state)
    return {"bank": leaving.slug, "state": bank.state}


def drop_due() -> int:
    """Tick: start the drop of each bank whose waiting time is over, and again where a drop failed. Returns how many."""
    due = Offboarding.objects.filter(state=OffboardingState.WAITING, drop_after__lte=now())
    started = sum(_start_drop(str(pk)) for pk in due.values_list("pk", flat=True))
    dropping = Offboarding.objects.filter(state=OffboardingState.DROPPING)
    for job_id in dropping.values_list("drop_job_id", flat=True):
        failed = Job.objects.filter(
            pk=str(job_id), state=JobState.FAILED, finished_at__lt=now() - RETRY_AFTER
        )
        if failed.exists():
            resume_job(job_id=str(job_id), actor=system_actor("off-boarding"))
    return started


@transaction.atomic
def _start_drop(offboarding_id: str) -> int:
    leaving, _bank = _locked(offboarding_id)
    if leaving.state != OffboardingState.WAITING or (leaving.drop_after or now()) > now():
        return 0
    actor = system_actor("off-boarding")
    job = start_job(
        kind=DROP_KIND, params={"offboarding": offboarding_id}, actor=actor,
        title=f"{leaving.bank_name}: drop",
    )  # fmt: skip
    leaving.state, leaving.drop_job_id = OffboardingState.DROPPING, job.id
    leaving.save(update_fields=["state", "drop_job_id"])
    _note(leaving, "drop", actor)
    return 1


def _locked(offboarding_id: str) -> tuple[Offboarding, Bank]:
    """The bank's row first, then the off-boarding's: everywhere in this order."""
    found = Offboarding.objects.filter(pk=offboarding_id).first()
    if found is None:
        raise NotFound("No such off-boarding.")
    bank = Bank.objects.select_for_update().get(pk=found.bank_id)
    return Offboarding.objects.select_for_update().get(pk=offboarding_id), bank


def _move(bank: Bank, state: BankState) -> None:
    bank.state = state
    bank.save(update_fields=["state"])
    transaction.on_commit(directory.forget)
    transaction.on_commit(partial(tell_queue, bank))


def _note(leaving: Offboarding, what: str, actor: Actor, **detail: Any) -> None:
    record(
        actor=actor, action=f"tenants.offboarding.{what}", target="bank", target_id=leaving.slug,
        detail={"offboarding": str(leaving.pk), **detail},
    )  # fmt: skip


def register_reopen() -> None:
    register(JobKind(kind=REOPEN_KIND, queue=Queue.OPS, handler=reopen, unit="steps"))
