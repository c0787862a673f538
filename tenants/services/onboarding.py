"""Onboarding a bank: a resumable job whose steps are applied, verified and remembered one by one."""

import secrets
from functools import partial
from typing import Any

from django.db import transaction

from accounts import policies
from audit.services import record
from core.actors import Actor
from core.errors import Conflict, FieldError, field_error
from core.tenancy import BankContext, public_scope
from jobs.choices import Queue
from jobs.context import JobContext
from jobs.models import Job
from jobs.registry import JobKind, register
from jobs.services import start_job
from tenants import provisioning
from tenants.choices import BankState, OffboardingState
from tenants.directory import directory
from tenants.models import Bank, Domain, Offboarding, Plan, ProvisioningStep
from tenants.services.dispatching import tell_queue
from tenants.spec import BankSpec, parse_spec

KIND = "tenants.onboard"


@transaction.atomic
def request_onboarding(*, spec: BankSpec, actor: Actor, base_url: str) -> tuple[Bank, Job]:
    """Reserve name, schema and hosts, and start the job. Runs in the public scope."""
    policies.require(actor, "tenants.bank.change")
    bank = reserve(spec)
    record(
        actor=actor,
        action="tenants.bank.onboard",
        target="bank",
        target_id=spec.slug,
        detail=spec.as_dict(),
    )
    job = start_job(
        kind=KIND,
        params={"bank": bank.schema_name, "spec": {**spec.as_dict(), "base_url": base_url}},
        actor=actor,
        title=spec.name,
        total=len(provisioning.ordered()),
    )
    return bank, job


def reserve(spec: BankSpec, *, realm: str = "") -> Bank:
    """Take name, schema and hosts. Raises `InvalidInput`, `Conflict`."""
    plan = Plan.objects.filter(code=spec.plan).first()
    if plan is None:
        raise field_error("/plan", "unknown_plan", f"There is no plan {spec.plan!r}.")
    if Bank.objects.filter(slug=spec.slug).exists():
        taken_slug = FieldError("/slug", "slug_taken", f"The short name {spec.slug!r} is taken.")
        raise Conflict("The short name is taken.", code="slug_taken", errors=[taken_slug])
    taken = Domain.objects.filter(domain__in=spec.hosts).values_list("domain", flat=True)
    if taken:
        raise Conflict(f"The host {taken[0]!r} is taken.", code="host_taken")
    bank = Bank.objects.create(
        schema_name=spec.schema,
        slug=spec.slug,
        name=spec.name,
        plan=plan,
        jurisdiction=spec.jurisdiction,
        currency=spec.currency,
        time_zone=spec.time_zone,
        language=spec.language,
        realm=realm or _fresh_realm(spec.schema),
    )
    for index, host in enumerate(spec.hosts):
        Domain.objects.create(domain=host, tenant=bank, is_primary=index == 0)
    return bank


def _fresh_realm(schema: str) -> str:
    """Empty, unless a bank that is gone had the name: what was sealed for that one is not valid for its successor."""
    if Offboarding.objects.filter(schema=schema, state=OffboardingState.CLOSED).exists():
        return f"{schema}.{secrets.token_hex(8)}"
    return ""


def onboard(job: JobContext) -> dict[str, Any]:
    """Handler of the job: apply what is not yet done, then serve the bank."""
    schema, spec = str(job.params["bank"]), job.params["spec"]
    bank = Bank.objects.select_related("plan").get(schema_name=schema)
    apply_steps(bank.as_context(), spec, job)
    activate(bank=bank, actor=job.actor)
    return {"bank": schema, "hosts": list(spec["hosts"])}


def apply_steps(bank: BankContext, spec: Any, job: JobContext | None = None) -> None:
    """Every registered step in order, skipping those an earlier attempt finished."""
    row = Bank.objects.get(schema_name=bank.schema)
    done = set(ProvisioningStep.objects.filter(bank=row).values_list("key", flat=True))
    if row.schema_version != provisioning.versions.code_state().version:
        # Newer code came while the bank was being onboarded: its tables are brought along.
        done -= provisioning.SCHEMA_STEPS
    steps = provisioning.ordered()
    for index, step in enumerate(steps):
        if job is not None:
            job.progress(index, len(steps), step.key)
        if step.key in done:
            continue
        with public_scope():
            step.apply(bank, spec)
            step.verify(bank, spec)
            ProvisioningStep.objects.get_or_create(bank=row, key=step.key)


@transaction.atomic
def activate(*, bank: Bank, actor: Actor) -> None:
    """Serve the bank; only from provisioning or suspension, and only with all its tables there."""
    locked = Bank.objects.select_for_update().get(pk=bank.pk)
    provisioning.database.verify_tables(locked.as_context(), {})
    if locked.state != BankState.ACTIVE:
        locked.state = BankState.ACTIVE
        locked.save(update_fields=["state"])
        record(actor=actor, action="tenants.bank.activate", target="bank", target_id=locked.slug)
    directory.forget()
    transaction.on_commit(partial(tell_queue, locked))


def onboard_now(*, data: dict[str, Any], actor: Actor, base_url: str) -> Bank:
    """The same, run to its end in this process: the command line's way."""
    spec = parse_spec(data)
    policies.require(actor, "tenants.bank.change")
    with public_scope():
        existing = Bank.objects.filter(slug=spec.slug).first()
        if existing is None:
            with transaction.atomic():
                existing = reserve(spec)
                record(
                    actor=actor, action="tenants.bank.onboard", target="bank", target_id=spec.slug,
                    detail=spec.as_dict(),
                )  # fmt: skip
        bank = Bank.objects.select_related("plan").get(pk=existing.pk)
        apply_steps(bank.as_context(), {**spec.as_dict(), "base_url": base_url})
        activate(bank=bank, actor=actor)
        return Bank.objects.select_related("plan").get(pk=bank.pk)


def register_onboarding() -> None:
    register(JobKind(kind=KIND, queue=Queue.OPS, handler=onboard, unit="steps"))
