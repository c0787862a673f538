"""Starting, cancelling and resuming jobs: what people and modules ask for."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from accounts import policies
from audit.services import record
from core.actors import Actor
from core.clock import now
from core.errors import Conflict, NotFound
from jobs import registry
from jobs.choices import FINAL_STATES, JobState, Priority
from jobs.models import Job
from jobs.services.dispatching import dispatch_after_commit
from jobs.services.tickets import add_ticket, drop_ticket


@transaction.atomic
def start_job(
    *,
    kind: str,
    params: Mapping[str, Any],
    actor: Actor,
    title: str = "",
    total: int = 0,
    queue: str | None = None,
    priority: Priority | None = None,
) -> Job:
    """Commit a job in the caller's transaction; it is sent after commit, at once when it is its bank's turn.

    `priority` orders the bank's own jobs of a queue; between banks it changes nothing.
    """
    known = registry.find(kind)
    job: Job = Job.objects.create(
        kind=kind,
        queue=queue or known.queue,
        title=title[:200],
        params=dict(params),
        total=total,
        unit=known.unit,
        max_attempts=known.max_attempts,
        created_by=str(actor),
        actor={
            "kind": actor.kind,
            "id": actor.id,
            "label": actor.label,
            "roles": sorted(actor.roles),
            "scopes": sorted(actor.scopes),
        },
    )
    record(
        actor=actor, action="jobs.start", target="job", target_id=str(job.id), detail={"kind": kind}
    )
    _ask_for_turn(job, known.priority if priority is None else priority)
    return job


def _ask_for_turn(job: Job, priority: Priority) -> None:
    add_ticket(job_id=str(job.id), queue=job.queue, priority=int(priority))
    dispatch_after_commit(job.queue)


def _locked(job_id: str) -> Job:
    job: Job | None = Job.objects.select_for_update().filter(pk=job_id).first()
    if job is None:
        raise NotFound("No such job.")
    return job


@transaction.atomic
def cancel_job(*, job_id: str, actor: Actor) -> Job:
    """A queued job ends at once, a running one at its next step."""
    policies.require(actor, "jobs.control")
    job = _locked(job_id)
    if job.state in FINAL_STATES:
        raise Conflict(f"The job is {job.state} already.", code="job_finished")
    if job.state == JobState.QUEUED:
        job.state, job.finished_at = JobState.CANCELLED, now()
        drop_ticket(job_id=job_id)
        dispatch_after_commit(job.queue)
    else:
        job.state = JobState.CANCELLING
    job.save(update_fields=["state", "finished_at"])
    record(actor=actor, action="jobs.cancel", target="job", target_id=job_id)
    return job


@transaction.atomic
def resume_job(*, job_id: str, actor: Actor) -> Job:
    """Run a failed or cancelled job again from its checkpoint."""
    policies.require(actor, "jobs.control")
    job = _locked(job_id)
    if job.state not in (JobState.FAILED, JobState.CANCELLED):
        raise Conflict(
            f"The job is {job.state}: only failed or cancelled ones resume.",
            code="job_not_resumable",
        )
    job.state, job.finished_at, job.error, job.error_code = JobState.QUEUED, None, "", ""
    job.max_attempts = job.attempt + registry.find(job.kind).max_attempts
    job.save(update_fields=["state", "finished_at", "error", "error_code", "max_attempts"])
    record(actor=actor, action="jobs.resume", target="job", target_id=job_id)
    _ask_for_turn(job, registry.find(job.kind).priority)
    return job
