"""Starting, cancelling and resuming jobs: what people and modules ask for."""

from collections.abc import Mapping
from typing import Any

from django.db import connection, transaction

from accounts import policies
from audit.services import record
from core.actors import Actor
from core.clock import now
from core.errors import Conflict, NotFound
from core.queue import send_after_commit
from jobs import registry
from jobs.choices import FINAL_STATES, JobState
from jobs.models import Job

RUN_TASK = "jobs.run"
# A job the broker lost is looked at this many seconds after it was sent.
FIRST_LOOK_SECONDS = 10.0


@transaction.atomic
def start_job(
    *,
    kind: str,
    params: Mapping[str, Any],
    actor: Actor,
    title: str = "",
    total: int = 0,
    queue: str | None = None,
) -> Job:
    """Commit a job and send it after commit, in the caller's transaction."""
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
    put_ticket(job_id=str(job.id), queue=job.queue, seconds=FIRST_LOOK_SECONDS)
    send_after_commit(RUN_TASK, str(job.id), queue=job.queue)
    return job


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
    put_ticket(job_id=job_id, queue=job.queue, seconds=FIRST_LOOK_SECONDS)
    send_after_commit(RUN_TASK, job_id, queue=job.queue)
    return job


def put_ticket(*, job_id: str, queue: str, seconds: float) -> None:
    """Ask the sweeper to look at the job in `seconds`, in the same transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT public.dispatch_ticket_put(%s::uuid, %s, %s)", [job_id, queue, seconds]
        )


def drop_ticket(*, job_id: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.dispatch_ticket_drop(%s::uuid)", [job_id])
