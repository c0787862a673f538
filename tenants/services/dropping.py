"""Dropping a bank, step by step, proving that nothing is left, and the certificate that says so."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from audit.services import public_key_text, record, sign
from core.actors import Actor
from core.clock import now
from core.errors import Conflict
from core.tenancy import BankContext
from jobs.choices import Queue
from jobs.context import JobContext
from jobs.registry import JobKind, register
from tenants import provisioning
from tenants.archive.manifest import canonical
from tenants.choices import BankState, OffboardingState
from tenants.directory import directory
from tenants.models import Bank, Offboarding, PurgeStep
from tenants.provisioning import Proof
from tenants.services.offboarding import DROP_KIND

PURPOSE = "closing-certificate"


def drop(job: JobContext) -> dict[str, Any]:
    """Handler: every step's purge in reverse order, remembered one by one; then the proofs; then the certificate."""
    leaving = Offboarding.objects.select_related("bank__plan", "export").get(
        pk=job.params["offboarding"]
    )
    if leaving.state == OffboardingState.CLOSED:
        return {"bank": leaving.slug, "closed": True}
    if leaving.state != OffboardingState.DROPPING:
        raise Conflict(f"The off-boarding is {leaving.state}.", code="state_not_allowed")
    bank = leaving.bank.as_context()
    steps = [step for step in reversed(provisioning.ordered()) if step.purges]
    done = set(leaving.purged.values_list("key", flat=True))
    for number, step in enumerate(steps):
        job.progress(number, len(steps), step.key)
        if step.key not in done:
            detail = step.purge(bank)
            PurgeStep.objects.get_or_create(
                offboarding=leaving, key=step.key, defaults={"detail": dict(detail)}
            )
    proofs = _proofs(bank)
    left = [proof.what for proof in proofs if proof.found]
    if left:
        raise Conflict(f"Something is left: {', '.join(left)}.", code="something_left")
    _close(leaving, proofs, job.actor)
    return {"bank": leaving.slug, "closed": True}


def _proofs(bank: BankContext) -> list[Proof]:
    return [proof for step in provisioning.ordered() for proof in step.proofs(bank)]


@transaction.atomic
def _close(leaving: Offboarding, proofs: list[Proof], actor: Actor) -> None:
    bank = Bank.objects.select_for_update().get(pk=leaving.bank_id)
    leaving = Offboarding.objects.select_for_update(of=("self",)).get(pk=leaving.pk)
    leaving.state, leaving.closed_at = OffboardingState.CLOSED, now()
    leaving.certificate = _certificate(leaving, bank, proofs)
    leaving.certificate_signature = sign(PURPOSE, canonical(leaving.certificate))
    leaving.save()
    # The names are free again; the row stays for the certificate and the counts of use.
    Bank.objects.filter(pk=bank.pk).update(
        state=BankState.CLOSED, slug=f"closed{bank.pk}", schema_name=f"closed_{bank.pk}"
    )
    record(
        actor=actor, action="tenants.offboarding.closed", target="bank", target_id=leaving.slug,
        detail={"offboarding": str(leaving.pk), "signature": leaving.certificate_signature},
    )  # fmt: skip
    _keep_outside(leaving)
    transaction.on_commit(directory.forget)


def _certificate(leaving: Offboarding, bank: Bank, proofs: list[Proof]) -> dict[str, Any]:
    export = leaving.export
    purged = leaving.purged.order_by("id").values_list("key", "created_at", "detail")
    return {
        "format": "panorama-closing-certificate",
        "version": 1,
        "offboarding": str(leaving.pk),
        "bank": {
            "slug": leaving.slug,
            "schema": leaving.schema,
            "realm": bank.realm or leaving.schema,
            "name": leaving.bank_name,
            "jurisdiction": bank.jurisdiction,
            "onboarded_at": bank.created_at.isoformat(),
        },
        "reason": leaving.reason,
        "requested": {"by": leaving.requested_by_label, "at": leaving.created_at.isoformat()},
        "approved": {
            "by": leaving.approved_by_label,
            "at": leaving.approved_at.isoformat() if leaving.approved_at else None,
        },
        "export": {
            "id": str(export.pk) if export else None,
            "finished_at": export.finished_at.isoformat()
            if export and export.finished_at
            else None,
            "content_sha256": export.content_sha256 if export else None,
            "manifest_sha256": export.manifest_sha256 if export else None,
            "files": export.file_count if export else 0,
            "rows": export.row_count if export else 0,
            "bytes": export.size_bytes if export else 0,
        },
        "waiting_days": leaving.waiting_days,
        "dropped": [
            {"step": key, "at": at.isoformat(), "removed": detail} for key, at, detail in purged
        ],
        "proofs": [asdict(proof) for proof in proofs],
        "closed_at": leaving.closed_at.isoformat() if leaving.closed_at else None,
        "platform_key": public_key_text(),
    }


def certificate_path(leaving: Offboarding) -> Path:
    """Where the certificate also stands, outside PostgreSQL."""
    return Path(settings.CHECKPOINT_DIR) / f"{leaving.schema}.closed-{leaving.pk}.json"


def _keep_outside(leaving: Offboarding) -> None:
    path = certificate_path(leaving)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    body = {"certificate": leaving.certificate, "signature": leaving.certificate_signature}
    with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
        file.write(canonical(body) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def register_drop() -> None:
    register(JobKind(kind=DROP_KIND, queue=Queue.OPS, handler=drop, unit="steps"))
