"""Finding what the broker or a dead worker lost, from the public tickets alone."""

import logging

from django.conf import settings
from django.db import connection

from core.clock import now
from core.queue import broker_rests, send_now
from core.tenancy import PUBLIC_SCHEMA, UnknownBank, bank_scope, public_scope
from jobs.choices import FINAL_STATES, JobState
from jobs.models import Job
from jobs.services.dispatching import RUN_TASK, decide, dispatch_all, is_served, put_back

log = logging.getLogger(__name__)
LONGEST_WAIT_SECONDS = 30


def sweep(*, limit: int = 200) -> int:
    """Look at every ticket that is due and send again what is queued or whose lease ran out, then dispatch what waits.

    Returns how many were sent. Jobs that wait for their turn are not looked at, however many there are. Two sweepers
    at once do no harm: a look is claimed by one statement that moves the next one away, no lock is held while the
    job is looked at, and what a sweeper that slept decides afterwards does not count any more.
    """
    sent = 0
    if not broker_rests():
        with public_scope():
            for schema, job_id, sends in _due(limit):
                sent += _look_at(schema, job_id, sends)
    return sent + dispatch_all()


def _due(limit: int) -> list[tuple[str, str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT schema_name, job_id::text, sends FROM public.dispatch_due(%s, %s, %s)",
            [limit, settings.JOB_SWEEP_SECONDS, LONGEST_WAIT_SECONDS],
        )
        return [(schema, job_id, sends) for schema, job_id, sends in cursor.fetchall()]


def _look_at(schema: str, job_id: str, sends: int) -> int:
    queue = _queue_of_lost_job(schema, job_id)
    if queue is None:
        decide(schema, job_id, sends=sends, state="done")
        return 0
    if not is_served(schema):
        put_back(schema, job_id, sends=sends)
        return 0
    if not decide(schema, job_id, sends=sends, state="sent"):
        return 0
    return int(send_now(RUN_TASK, job_id, queue=queue, schema=schema))


def _queue_of_lost_job(schema: str, job_id: str) -> str | None:
    """The queue of a job that still has to run, None when there is nothing left to do."""
    try:
        scope = public_scope() if schema == PUBLIC_SCHEMA else bank_scope(schema)
        with scope:
            job = Job.objects.filter(pk=job_id).first()
    except UnknownBank:
        return None
    if job is None or job.state in FINAL_STATES:
        return None
    if job.state != JobState.QUEUED and job.lease_until and job.lease_until < now():
        log.warning("job %s of %s: its worker is gone", job_id, schema)
    return str(job.queue)
