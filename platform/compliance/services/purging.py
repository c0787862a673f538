"""Purges: first a report of what is old enough, then piece by piece; what a legal hold keeps stays and is counted."""

from datetime import timedelta
from typing import Any

from django.db import transaction

from accounts import policies
from audit.services import record
from compliance import permissions
from compliance.choices import PurgeMode
from compliance.models import PurgeRun
from compliance.selectors.holds import held
from compliance.selectors.retention import days_in_force
from compliance.services.lock_objects import lock_bank
from core.actors import Actor
from core.clock import now
from core.errors import Conflict, field_error
from core.ids import new_id
from core.retention import Piece, RecordKind, kinds
from jobs.choices import Queue
from jobs.context import JobContext
from jobs.registry import JobKind
from jobs.selectors import get_job
from jobs.services import start_job

KIND = "compliance.purge"
PIECE = 2_000


@transaction.atomic
def start_purge(*, mode: str, actor: Actor) -> PurgeRun:
    """Start a report or a purge. Raises `Conflict` while one is under way."""
    policies.require(actor, permissions.RETENTION)
    if mode not in PurgeMode.values:
        raise field_error("/mode", "unknown", f"One of {', '.join(PurgeMode.values)}.")
    lock_bank()
    latest = PurgeRun.objects.order_by("-id").values_list("job_id", flat=True).first()
    if latest is not None and not get_job(str(latest)).finished:
        raise Conflict("A purge is under way already.", code="purge_running")
    key = new_id()
    job = start_job(kind=KIND, params={"purge": str(key)}, actor=actor)
    run = PurgeRun(id=key, mode=mode, job_id=job.id, started_by_label=actor.label)
    run.save(force_insert=True)
    record(
        actor=actor, action=f"compliance.purge.{mode}", target="purge", target_id=str(key)
    )  # fmt: skip
    return run


def run_purge(job: JobContext) -> dict[str, Any]:
    """Handler, under the migrating login. A resumed attempt surveys anew and goes on: what is gone is gone."""
    run = PurgeRun.objects.get(pk=str(job.params["purge"]))
    report: dict[str, dict[str, Any]] = dict(job.checkpoint.get("report") or _survey())
    with job.fenced():
        job.save_checkpoint(report=report)
        PurgeRun.objects.filter(pk=run.pk).update(report=report)
    if run.mode == PurgeMode.PURGE:
        for place, kind in enumerate(kinds()):
            job.progress(place, len(kinds()), kind.code)
            _purge(job, run, kind, report)
    with job.fenced():
        PurgeRun.objects.filter(pk=run.pk).update(report=report, finished_at=now())
        purged = {code: line["purged"] for code, line in report.items()}
        record(
            actor=job.actor, action="compliance.purge.done", target="purge", target_id=str(run.pk),
            detail={"mode": run.mode, "purged": purged},
        )  # fmt: skip
    return {"purge": str(run.pk), "purged": purged}


def _survey() -> dict[str, dict[str, Any]]:
    """What each kind has to give up, before anything is touched."""
    keeping, days, moment = held(), days_in_force(), now()
    report = {}
    for kind in kinds():
        before = moment - timedelta(days=days[kind.code])
        seen = kind.survey(before, keeping)
        whole = kind.code in keeping.kinds
        report[kind.code] = {
            "days": days[kind.code],
            "before": before.isoformat(),
            "due": seen.due,
            "held": seen.due if whole else seen.held,
            "purged": 0,
        }
    return report


def _purge(
    job: JobContext, run: PurgeRun, kind: RecordKind, report: dict[str, dict[str, Any]]
) -> None:
    line = report[kind.code]
    while True:
        job.check()
        with job.fenced():
            # A hold set while the purge runs holds from the next piece on.
            lock_bank()
            keeping = held()
            if kind.code in keeping.kinds:
                return
            before = now() - timedelta(days=line["days"])
            piece = Piece(before, keeping, PIECE, f"purge {run.pk}: {line['days']} days")
            count = kind.purge(piece)
            if not count:
                return
            line["purged"] += count
            job.save_checkpoint(report=report)


# Operations' worker has the migrating login: nobody else deletes rows that only grow.
JOB = JobKind(kind=KIND, queue=Queue.OPS, handler=run_purge, unit="kinds")
