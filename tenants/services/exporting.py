"""Exporting a bank: everything it has, in a form it can use, signed, and resumable after a crash."""

import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from io import BytesIO
from typing import Any

from django.core.files.storage import Storage, storages
from django.db import connection, transaction

from accounts import policies
from audit.services import public_key_text, record, seal_pending, sign, write_checkpoint
from core.actors import Actor, system_actor
from core.clock import now
from core.errors import Conflict, NotFound
from core.ids import new_id
from core.tenancy import BankContext, owner_scope
from core.vault import bank_key_material
from jobs.choices import Queue
from jobs.context import JobCancelled, JobContext
from jobs.registry import JobKind, register
from jobs.services import start_job
from tenants import provisioning
from tenants.archive import recipient
from tenants.archive.manifest import (
    KEYS,
    MANIFEST,
    SIGNATURE,
    Column,
    Contents,
    FileEntry,
    Manifest,
    canonical,
)
from tenants.archive.reading import PURPOSE
from tenants.archive.tables import LEFT_OUT, counters
from tenants.archive.writing import WRITER, ExportSink, digest_of, save
from tenants.choices import BankState, OffboardingState
from tenants.directory import TTL_SECONDS
from tenants.models import Bank, BankExport, Domain, ExportFile, Offboarding
from tenants.provisioning import versions
from tenants.services.operators import key_of

log = logging.getLogger(__name__)
KIND = "tenants.export"
# After the directory's caches have run out nobody begins anything at the bank any more.
QUIET_SECONDS = TTL_SECONDS + 1.0


def export_store() -> Storage:
    return storages["exports"]


@transaction.atomic
def request_export(*, slug: str, recipient_key: str, actor: Actor) -> BankExport:
    """A copy of a bank for its owner, without ending anything. Raises `InvalidInput`, `Conflict`."""
    policies.require(actor, "tenants.bank.offboard")
    bank = Bank.objects.select_for_update().filter(slug=slug).first()
    if bank is None:
        raise NotFound("No such bank.")
    if bank.state not in (BankState.ACTIVE, BankState.SUSPENDED):
        raise Conflict(f"A bank that is {bank.state} is not exported.", code="state_not_allowed")
    return start_export(bank=bank, recipient_key=recipient_key, actor=actor)


def start_export(*, bank: Bank, recipient_key: str, actor: Actor) -> BankExport:
    """Reserve the folder and start the job, in the caller's transaction."""
    key = recipient.parse_public_key(recipient_key)
    export_id = new_id()
    export: BankExport = BankExport.objects.create(
        id=export_id,
        bank=bank,
        folder=f"{bank.schema_name}-{export_id}",
        recipient_key=recipient.public_text(key),
        created_by=key_of(actor),
        created_by_label=actor.label,
    )
    job = start_job(
        kind=KIND, params={"export": str(export_id)}, actor=actor, title=f"{bank.name}: export"
    )
    export.job_id = job.id
    export.save(update_fields=["job_id"])
    record(
        actor=actor, action="tenants.bank.export", target="bank", target_id=bank.slug,
        detail={"export": str(export_id), "recipient": recipient.fingerprint(key)},
    )  # fmt: skip
    return export


class _Rows:
    """Finished files as rows: a killed attempt's work is not done twice."""

    def __init__(self, export: BankExport) -> None:
        self._export = export
        self._paths = set(export.files.values_list("path", flat=True))

    def paths(self) -> frozenset[str]:
        return frozenset(self._paths)

    def add(self, entry: FileEntry) -> None:
        ExportFile.objects.create(export=self._export, path=entry.path, entry=asdict(entry))
        self._paths.add(entry.path)


def run_export(job: JobContext) -> dict[str, Any]:
    """Handler of the job."""
    export = BankExport.objects.select_related("bank__plan").get(pk=job.params["export"])
    bank = export.bank.as_context()
    leaving = Offboarding.objects.filter(export=export).first()
    if leaving is not None:
        _quiesce(bank, leaving, job)
    if not export.manifest_sha256:
        _write(export, bank, job, frozen=leaving is not None)
    _begin_waiting(export)
    return {
        "export": str(export.pk),
        "content_sha256": export.content_sha256,
        "files": export.file_count,
        "rows": export.row_count,
        "bytes": export.size_bytes,
    }


def _quiesce(bank: BankContext, leaving: Offboarding, job: JobContext) -> None:
    """Nobody is served any more; the database refuses writes; what was written is sealed and signed."""
    job.progress(0, 0, "quiet")
    since = (now() - (leaving.approved_at or now())).total_seconds()
    while since < QUIET_SECONDS:
        job.check()
        time.sleep(min(0.5, QUIET_SECONDS - since))
        since = (now() - (leaving.approved_at or now())).total_seconds()
    with transaction.atomic():
        # Under the row's lock: once it is called off, nothing is frozen any more.
        locked = Offboarding.objects.select_for_update().get(pk=leaving.pk)
        if locked.state != OffboardingState.EXPORTING:
            raise JobCancelled(job.job_id)
        provisioning.database.freeze(bank.schema)
    with owner_scope(bank.schema):
        while seal_pending():
            job.check()
        write_checkpoint()


def _write(export: BankExport, bank: BankContext, job: JobContext, *, frozen: bool) -> None:
    step: Callable[[str], None]
    if frozen:
        notes, done = _Rows(export), [0]

        def step(path: str) -> None:
            done[0] += 1
            job.progress(done[0], 0, path)
            job.check()
    else:
        # Within one snapshot nothing may be written to the job's row, which its heartbeat changes; a copy of a
        # working bank is begun anew after a crash, because its snapshot is gone.
        export.files.all().delete()
        notes = _Rows(export)

        def step(path: str) -> None:
            job.check()

    sink = ExportSink(store=export_store(), folder=export.folder, notes=notes, step=step)
    with _one_moment(frozen=frozen):
        for each in provisioning.ordered():
            each.export(bank, sink)
        with owner_scope(bank.schema):
            counted = tuple(counters(bank.schema))
        names = versions.applied_in(bank.schema)
    entries = [
        file_entry(row) for row in export.files.order_by("path").values_list("entry", flat=True)
    ]
    contents = Contents(
        realm=bank.realm,
        schema_version=versions.version_of(names),
        migrations=versions.newest_of(names),
        files=tuple(sorted(entries, key=lambda entry: entry.path)),
        counters=counted,
        left_out=dict(LEFT_OUT),
    )
    _finish(export, bank, contents, job.actor)


@contextmanager
def _one_moment(*, frozen: bool) -> Iterator[None]:
    """A bank that still works is read as it was at one moment; a frozen one stands still by itself."""
    if frozen:
        yield
        return
    nested = connection.in_atomic_block
    with connection.cursor() as cursor:
        # Sets search path and role, which would otherwise be the transaction's first statement.
        cursor.execute("SELECT 1")
    with transaction.atomic():
        if not nested:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def _begin_waiting(export: BankExport) -> None:
    """Where the bank is leaving, the time in which it can still be called off begins with the finished export."""
    with transaction.atomic():
        leaving = Offboarding.objects.select_for_update().filter(export=export).first()
        if leaving is None or leaving.state != OffboardingState.EXPORTING:
            return
        leaving.state = OffboardingState.WAITING
        leaving.drop_after = now() + timedelta(days=leaving.waiting_days)
        leaving.save(update_fields=["state", "drop_after"])
        record(
            actor=system_actor("off-boarding"), action="tenants.offboarding.wait", target="bank",
            target_id=leaving.slug,
            detail={"offboarding": str(leaving.pk), "until": leaving.drop_after.isoformat()},
        )  # fmt: skip


def file_entry(stored: dict[str, Any]) -> FileEntry:
    """From its stored form."""
    columns = tuple(Column(**column) for column in stored["columns"])
    return FileEntry(**{**stored, "columns": columns, "order": tuple(stored["order"])})


def _finish(export: BankExport, bank: BankContext, contents: Contents, actor: Actor) -> None:
    """Keys, manifest and signature; the last is written last, so that half an export is none."""
    store, folder = export_store(), export.folder
    key = recipient.parse_public_key(export.recipient_key)
    sealed = BytesIO(
        recipient.seal_keys(bank_key_material(bank.schema), realm=bank.realm, recipient=key)
    )
    keys_sha256, _ = digest_of(sealed)
    save(store, f"{folder}/{KEYS}", sealed)
    manifest = Manifest(
        export_id=str(export.pk),
        exported_at=now().isoformat(),
        exported_by=export.created_by_label,
        bank=_described(export.bank),
        recipient=recipient.fingerprint(key),
        keys_sha256=keys_sha256,
        parquet_writer=WRITER,
        contents=contents,
    )
    body = BytesIO(manifest.encode())
    manifest_sha256, _ = digest_of(body)
    save(store, f"{folder}/{MANIFEST}", body)
    signature = {
        "algorithm": "Ed25519",
        "public_key": public_key_text(),
        "signature": sign(PURPOSE, manifest.encode()),
    }
    save(store, f"{folder}/{SIGNATURE}", BytesIO(canonical(signature)))
    with transaction.atomic():
        export.content_sha256, export.manifest_sha256 = contents.digest(), manifest_sha256
        export.file_count = len(contents.files)
        export.row_count = sum(entry.rows or 0 for entry in contents.files)
        export.size_bytes = sum(entry.size for entry in contents.files)
        export.finished_at = now()
        export.save()
        record(
            actor=actor, action="tenants.bank.exported", target="bank", target_id=export.bank.slug,
            detail={"export": str(export.pk), "content_sha256": export.content_sha256},
        )  # fmt: skip


def _described(bank: Bank) -> dict[str, Any]:
    hosts = Domain.objects.filter(tenant=bank).order_by("-is_primary", "domain")
    return {
        "slug": bank.slug,
        "name": bank.name,
        "plan": bank.plan.code,
        "jurisdiction": bank.jurisdiction,
        "currency": bank.currency,
        "time_zone": bank.time_zone,
        "language": bank.language,
        "hosts": list(hosts.values_list("domain", flat=True)),
    }


def manifest_of(export: BankExport) -> dict[str, Any]:
    """The manifest as it was signed. Raises `Conflict` while the export is under way."""
    if not export.manifest_sha256:
        raise Conflict("The export is not finished.", code="export_not_finished")
    with export_store().open(f"{export.folder}/{MANIFEST}", "rb") as stream:
        return dict(json.loads(stream.read()))


def register_export() -> None:
    register(JobKind(kind=KIND, queue=Queue.OPS, handler=run_export, unit="files"))
