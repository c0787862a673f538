"""Running a job in a worker: claim, heartbeat, finish."""

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from os import getpid
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connections, transaction
from django.db.models import F, Q

from audit.services import record
from core.clock import now
from core.errors import ProblemError
from core.telemetry.metrics import job_seconds, jobs_total
from core.tenancy import Context, context_scope, current_context
from jobs import registry
from jobs.choices import JobState
from jobs.context import JobCancelled, JobContext, LeaseLost
from jobs.models import Job
from jobs.services.dispatching import dispatch_after_commit, is_served
from jobs.services.tickets import claim_ticket, drop_ticket, renew_ticket

log = logging.getLogger(__name__)


def run_job(*, job_id: str) -> str | None:
    """Run the job if nobody else holds it. Returns the state it ended in, None when it was not ours to run."""
    if not is_served(current_context().schema):
        # Its bank was suspended after the job was sent: the sweeper puts it back to wait.
        return None
    job = _claim(job_id)
    if job is None:
        return None
    context = JobContext(job)
    try:
        with _heartbeat(context):
            result = registry.find(job.kind).handler(context)
            context.check()
        return _finish(context, JobState.SUCCEEDED, result=result)
    except JobCancelled:
        return _finish(context, JobState.CANCELLED)
    except LeaseLost:
        log.warning("job %s: lease lost at attempt %s", job_id, context.attempt)
        return None
    except ProblemError as error:
        return _finish(context, JobState.FAILED, code=error.code, error=_sentence(error))
    except DatabaseError as error:
        # The database went away or refused: the lease runs out and the sweeper sends the job again.
        log.warning("job %s: database error %s", job_id, type(error).__name__)
        connections["default"].close()
        raise
    except Exception:
        log.exception("job %s failed", job_id)
        return _finish(
            context, JobState.FAILED, code="internal_error", error="The job failed unexpectedly."
        )


def _sentence(error: ProblemError) -> str:
    parts = [error.detail, *(f"{e.pointer}: {e.detail}" for e in error.errors[:20])]
    return "\n".join(parts)


def _claim(job_id: str) -> Job | None:
    moment = now()
    free = Q(state=JobState.QUEUED) | Q(
        state__in=[JobState.RUNNING, JobState.CANCELLING], lease_until__lt=moment
    )
    with transaction.atomic():
        job: Job | None = (
            Job.objects.select_for_update(skip_locked=True).filter(free, pk=job_id).first()
        )
        if job is None:
            return None
        if job.attempt >= job.max_attempts:
            _give_up(job)
            return None
        if job.state == JobState.QUEUED:
            job.state = JobState.RUNNING
        job.attempt += 1
        job.lease_until = moment + timedelta(seconds=settings.JOB_LEASE_SECONDS)
        job.worker = f"{socket.gethostname()}:{getpid()}"
        job.started_at = job.started_at or moment
        job.save(update_fields=["state", "attempt", "lease_until", "worker", "started_at"])
        claim_ticket(job_id=job_id, queue=job.queue, seconds=settings.JOB_LEASE_SECONDS + 1)
        dispatch_after_commit(job.queue)
    return job


def _give_up(job: Job) -> None:
    job.state, job.finished_at = JobState.FAILED, now()
    job.error_code = "attempts_exhausted"
    job.error = f"The job was started {job.attempt} times and its worker was lost each time."
    job.save(update_fields=["state", "finished_at", "error_code", "error"])
    drop_ticket(job_id=str(job.id))
    dispatch_after_commit(job.queue)


@transaction.atomic
def _finish(
    context: JobContext,
    state: JobState,
    *,
    result: dict[str, Any] | None = None,
    code: str = "",
    error: str = "",
) -> str | None:
    changes: dict[str, Any] = {
        "state": state,
        "finished_at": now(),
        "lease_until": None,
        "result": result,
        "error_code": code,
        "error": error[:4000],
    }
    if state == JobState.SUCCEEDED:
        changes |= {"done": F("total"), "stage": ""}
    updated = Job.objects.filter(
        pk=context.job_id,
        attempt=context.attempt,
        state__in=[JobState.RUNNING, JobState.CANCELLING],
    ).update(**changes)
    if not updated:
        return None
    transaction.on_commit(partial(_count, context, state))
    drop_ticket(job_id=context.job_id)
    dispatch_after_commit(context.queue)
    record(
        actor=context.actor, action=f"jobs.{state}", target="job", target_id=context.job_id,
        detail={"kind": context.kind, "attempt": context.attempt, "code": code},
    )  # fmt: skip
    return str(state)


def _count(context: JobContext, state: JobState) -> None:
    jobs_total.labels(current_context().schema, context.kind, state).inc()
    job_seconds.labels(context.kind).observe(time.monotonic() - context.began)


@contextmanager
def _heartbeat(context: JobContext) -> Iterator[None]:
    """Keeps the lease alive from a thread of its own, on a connection of its own, in the job's scope."""
    stop = threading.Event()
    scope = current_context()
    thread = threading.Thread(target=_beat, args=(context, scope, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=5)


def _beat(context: JobContext, scope: Context, stop: threading.Event) -> None:
    seconds = settings.JOB_LEASE_SECONDS
    try:
        with context_scope(scope):
            while not stop.wait(min(1.0, seconds / 3)):
                try:
                    _renew(context, seconds)
                except DatabaseError:
                    connections["default"].close()
                if context.lease_lost.is_set():
                    return
    finally:
        connections["default"].close()


def _renew(context: JobContext, seconds: int) -> None:
    with transaction.atomic():
        mine = Job.objects.filter(
            pk=context.job_id,
            attempt=context.attempt,
            state__in=[JobState.RUNNING, JobState.CANCELLING],
        )
        if not mine.update(lease_until=now() + timedelta(seconds=seconds)):
            context.lease_lost.set()
            return
        if mine.filter(state=JobState.CANCELLING).exists():
            context.cancel_requested.set()
        renew_ticket(job_id=context.job_id, queue=context.queue, seconds=seconds + 1)
