"""Jobs as others see them."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from core.errors import NotFound
from jobs.choices import FINAL_STATES, JobState
from jobs.models import Job, JobLog
from jobs.places import place_of


@dataclass(frozen=True, slots=True)
class JobView:
    """Progress of one job; `rate` in units per second, `seconds_left` None when it cannot be told."""

    id: str
    kind: str
    title: str
    queue: str
    state: str
    done: int
    total: int
    unit: str
    percent: int
    rate: float
    seconds_left: int | None
    stage: str
    result: dict[str, Any] | None
    error_code: str
    error: str
    attempt: int
    created_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    finished: bool
    # Of a job looked at by itself: why it does not run yet, and how many of the bank's own go first.
    waiting_reason: str = ""
    before: int | None = None


def as_view(job: Job) -> JobView:
    left = job.total - job.done
    finished = job.state in FINAL_STATES
    return JobView(
        id=str(job.id),
        kind=job.kind,
        title=job.title,
        queue=job.queue,
        state=job.state,
        done=job.done,
        total=job.total,
        unit=job.unit,
        percent=min(100, 100 * job.done // job.total)
        if job.total
        else (100 if job.state == "succeeded" else 0),
        rate=round(job.rate, 2),
        seconds_left=int(left / job.rate) + 1
        if job.rate > 0 and left > 0 and not finished
        else None,
        stage=job.stage,
        result=job.result,
        error_code=job.error_code,
        error=job.error,
        attempt=job.attempt,
        created_by=job.created_by,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        finished=finished,
    )


def get_job(job_id: str) -> JobView:
    """Raises `NotFound`."""
    job = Job.objects.filter(pk=job_id).first()
    if job is None:
        raise NotFound("No such job.")
    view = as_view(job)
    place = place_of(job_id) if job.state == JobState.QUEUED else None
    if place is None:
        return view
    return replace(view, waiting_reason=place.reason, before=place.before)


def job_log(job_id: str, *, limit: int = 500) -> list[JobLog]:
    """The last lines, oldest first."""
    return list(JobLog.objects.filter(job_id=job_id).order_by("-id")[:limit])[::-1]
