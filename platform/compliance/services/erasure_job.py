"""The job of an erasure: look, destroy the keys, take the person out of shared files, certify."""

import hashlib
import json
from typing import Any

from compliance.choices import ErasureState
from compliance.models import Erasure
from compliance.selectors.holds import holds_against
from compliance.services.erasing import KIND, note, own_secret, read_person, sealed_person
from compliance.services.lock_objects import lock_bank, locked_erasure
from compliance.services.person_finding import expanded
from core.clock import now
from core.erasure import Found, Person, holders
from core.tenancy import current_bank
from core.vault import vault
from jobs.choices import Queue
from jobs.context import JobContext
from jobs.registry import JobKind


def run_erasure(job: JobContext) -> dict[str, Any]:
    """Handler. Safe to run again: keys are destroyed once, a holder's part is done again until it is checkpointed."""
    key = str(job.params["erasure"])
    row = Erasure.objects.get(pk=key)
    if row.state != ErasureState.RUNNING:
        return {"erasure": key, "state": row.state}
    parts = len(holders()) + 2
    if "found" not in job.checkpoint and not _destroy_keys(job, row):
        return {"erasure": key, "state": ErasureState.BLOCKED.value}
    job.progress(1, parts, "keys")
    person = read_person(row)
    removed: dict[str, dict[str, int]] = dict(job.checkpoint.get("removed", {}))
    for place, holder in enumerate(holders(), start=2):
        if holder.key not in removed:
            removed[holder.key] = dict(holder.remove(person, job.check))
            with job.fenced():
                job.save_checkpoint(removed=removed)
        job.progress(place, parts, holder.key)
    return _certify(job, key, removed)


def _destroy_keys(job: JobContext, row: Erasure) -> bool:
    """Find, look for holds once more and destroy the person's keys; False when a hold stands against it."""
    person = expanded(read_person(row))
    found = [each for holder in holders() for each in holder.find(person)]
    with job.fenced():
        lock_bank()
        locked = locked_erasure(str(row.id))
        holds = holds_against(person, found)
        if holds:
            locked.state = ErasureState.BLOCKED
            locked.note = ", ".join(hold.id for hold in holds[:10])
            locked.save()
            note(locked, job.actor, "block", holds=[hold.id for hold in holds[:10]])
            return False
        locked.references = sealed_person(str(row.id), person)
        locked.save(update_fields=["references"])
        box = vault()
        for subject in sorted(person.subjects):
            box.erase_id(subject)
        job.save_checkpoint(found=_counts(found), keys_at=now().isoformat())
        note(locked, job.actor, "destroy_keys", keys=len(person.subjects))
    row.refresh_from_db()
    return True


def _counts(found: list[Found]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for each in found:
        counts[each.kind] = counts.get(each.kind, 0) + each.count
    return counts


def _certify(job: JobContext, key: str, removed: dict[str, dict[str, int]]) -> dict[str, Any]:
    with job.fenced():
        row = locked_erasure(key)
        person: Person = read_person(row)
        finished = now()
        certificate = {
            "erasure": key,
            "bank": current_bank().name,
            "requested_by": row.requested_by_label,
            "approved_by": row.approved_by_label,
            "requested_at": row.created_at.isoformat(),
            "keys_destroyed_at": job.checkpoint["keys_at"],
            "keys_destroyed": len(person.subjects),
            "found": job.checkpoint["found"],
            "removed": removed,
            "finished_at": finished.isoformat(),
        }
        text = json.dumps(certificate, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        row.certificate, row.certificate_sha256 = (
            certificate,
            hashlib.sha256(text.encode()).hexdigest(),
        )
        row.state, row.finished_at = ErasureState.DONE, finished
        row.save()
        vault().erase_subject(own_secret(key))
        note(row, job.actor, "done", certificate_sha256=row.certificate_sha256)
    return {"erasure": key, "state": ErasureState.DONE.value, "removed": removed}


JOB = JobKind(kind=KIND, queue=Queue.BATCH, handler=run_erasure, unit="parts")
