"""Bringing an exported bank back as a new one: everything is checked first, then loaded, then left suspended."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from django.core.files.storage import FileSystemStorage, Storage
from django.db import transaction

from accounts import policies
from audit.services import record, verify
from core.actors import Actor
from core.errors import Conflict
from core.tenancy import BankContext, public_scope
from core.vault import adopt_bank_keys
from jobs.choices import Queue
from jobs.context import JobContext
from jobs.models import Job
from jobs.registry import JobKind, register
from jobs.services import start_job
from tenants import provisioning
from tenants.archive import recipient
from tenants.archive.manifest import KEYS, Manifest
from tenants.archive.reading import ArchiveSource, require_version
from tenants.choices import BankState
from tenants.directory import directory
from tenants.models import Bank, ProvisioningStep
from tenants.provisioning import versions
from tenants.services.dispatching import tell_queue
from tenants.services.exporting import export_store
from tenants.services.onboarding import apply_steps, reserve
from tenants.spec import parse_spec

KIND = "tenants.import"
_TAKEN_OVER = ("jurisdiction", "currency", "time_zone", "language")


def open_archive(place: str) -> ArchiveSource:
    """An export by its folder: an absolute path of this machine, or a name in the storage of exports."""
    store, folder = _where(place)
    return ArchiveSource(store, folder)


def _where(place: str) -> tuple[Storage, str]:
    if place.startswith("/"):
        return FileSystemStorage(location=str(Path(place).parent)), Path(place).name
    return export_store(), place


def request_import(
    *, place: str, data: Mapping[str, Any], private_key: bytes, actor: Actor
) -> tuple[Bank, Job]:
    """Check the whole export, then reserve the new bank, give it its keys and start the job. Public scope.

    `data` names slug, name, plan and hosts; the rest is taken over unless it is named too. Raises an `ArchiveRefused`
    that names what is wrong, or `InvalidInput`, `Conflict`; nothing was changed then.
    """
    policies.require(actor, "tenants.bank.offboard")
    source = open_archive(place)
    manifest = source.manifest
    state = versions.code_state()
    require_version(
        manifest, schema_version=state.version, migrations=versions.newest_of(state.names)
    )
    source.verify()
    keys = recipient.open_keys(
        source.read(KEYS), realm=manifest.contents.realm, private_key=private_key
    )
    spec = parse_spec({**_taken_over(manifest), **data}, brings_people=True)
    with transaction.atomic():
        bank = reserve(spec, realm=manifest.contents.realm)
        adopt_bank_keys(bank.schema_name, keys)
        record(
            actor=actor, action="tenants.bank.import", target="bank", target_id=bank.slug,
            detail={"export": manifest.export_id, "content_sha256": manifest.contents.digest()},
        )  # fmt: skip
        job = start_job(
            kind=KIND, params={"bank": bank.schema_name, "place": place}, actor=actor,
            title=f"{bank.name}: import", total=len(provisioning.ordered()) * 2,
        )  # fmt: skip
    return bank, job


def _taken_over(manifest: Manifest) -> dict[str, Any]:
    return {name: manifest.bank[name] for name in _TAKEN_OVER if name in manifest.bank}


def run_import(job: JobContext) -> dict[str, Any]:
    """Handler: schema and rights as at an onboarding, then every step's restore; each may be repeated."""
    bank = Bank.objects.select_related("plan").get(schema_name=job.params["bank"])
    if bank.state != BankState.PROVISIONING:
        raise Conflict(f"The bank is {bank.state}.", code="state_not_allowed")
    source, context = open_archive(str(job.params["place"])), bank.as_context()
    if source.manifest.contents.realm != bank.realm:
        raise Conflict("The folder holds another export by now.", code="archive_changed")
    source.verify()
    apply_steps(context, {}, job)
    _restore(context, source, bank, job)
    report = verify(context.schema)
    with transaction.atomic():
        locked = Bank.objects.select_for_update().get(pk=bank.pk)
        provisioning.database.verify_tables(context, {})
        locked.state = BankState.SUSPENDED
        locked.save(update_fields=["state"])
        record(
            actor=job.actor, action="tenants.bank.imported", target="bank", target_id=bank.slug,
            detail={"seals": report.seals, "findings": len(report.findings)},
        )  # fmt: skip
        transaction.on_commit(directory.forget)
        transaction.on_commit(partial(tell_queue, locked))
    return {
        "bank": bank.slug,
        "content_sha256": source.manifest.contents.digest(),
        "seals": report.seals,
        "findings": [str(finding) for finding in report.findings[:20]],
    }


def _restore(context: BankContext, source: ArchiveSource, bank: Bank, job: JobContext) -> None:
    done = set(ProvisioningStep.objects.filter(bank=bank).values_list("key", flat=True))
    steps = provisioning.ordered()
    for number, step in enumerate(steps):
        key = f"restore:{step.key}"[:60]
        job.progress(len(steps) + number, len(steps) * 2, key)
        if key in done:
            continue
        with public_scope():
            step.restore(context, source)
            ProvisioningStep.objects.get_or_create(bank=bank, key=key)


def register_import() -> None:
    register(JobKind(kind=KIND, queue=Queue.OPS, handler=run_import, unit="steps"))
