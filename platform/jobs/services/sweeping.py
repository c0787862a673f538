"""Finding what the broker or a dead worker lost, from the public tickets alone."""

import logging

from django.conf import settings
from django.db import connection, transaction

from core.clock import now
from core.queue import send_now
from core.tenancy import PUBLIC_SCHEMA, UnknownBank, bank_scope, public_scope
from jobs.choices import FINAL_STATES, JobState
from jobs.models import Job
from jobs.services.lifecycle import RUN_TASK

log = logging.getLogger(__name__)
LONGEST_WAIT_SECONDS = 60


def sweep(*, limit: int = 200) -> int:
    """Look at every ticket that is due; send again what is queued or whose lease ran out. Returns how many were sent.

    Two sweepers at once do no harm: each ticket is locked while it is looked at, and a job sent twice runs once.
    """
    sent = 0
    with public_scope():
        for schema, job_id in _due(limit):
            sent += _look_at(schema, job_id)
    return sent


def _due(limit: int) -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT schema_name, job_id FROM dispatch_ticket WHERE due_at < now() ORDER BY due_at LIMIT %s",
            [limit],
        )
        return [(schema, str(job_id)) for schema, job_id in cursor.fetchall()]


@transaction.atomic
def _look_at(schema: str, job_id: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sends FROM dispatch_ticket WHERE schema_name = %s AND job_id = %s AND due_at < now() "
            "FOR UPDATE SKIP LOCKED",
            [schema, job_id],
        )
        row = cursor.fetchone()
    if row is None:
        return 0
    queue = _queue_of_lost_job(schema, job_id)
    with connection.cursor() as cursor:
        if queue is None:
            cursor.execute(
                "DELETE FROM dispatch_ticket WHERE schema_name = %s AND job_id = %s",
                [schema, job_id],
            )
            return 0
        wait = min(LONGEST_WAIT_SECONDS, settings.JOB_SWEEP_SECONDS * 2 ** min(row[0] + 2, 8))
        cursor.execute(
            "UPDATE dispatch_ticket SET sends = sends + 1, due_at = now() + make_interval(secs => %s) "
            "WHERE schema_name = %s AND job_id = %s",
            [wait, schema, job_id],
        )
    return int(send_now(RUN_TASK, job_id, queue=queue, schema=schema))


def _queue_of_lost_job(schema: str, job_id: str) -> str | None:
    """The queue of a job that still has to run, None when there is nothing left to do."""
    try:
        scope = public_scope() if schema == PUBLIC_SCHEMA else bank_scope(schema)
    except UnknownBank:
        return None
    try:
        with scope:
            job = Job.objects.filter(pk=job_id).first()
            if job is None or job.state in FINAL_STATES:
                return None
            if job.state != JobState.QUEUED and job.lease_until and job.lease_until < now():
                log.warning("job %s of %s: its worker is gone", job_id, schema)
            return str(job.queue)
    except UnknownBank:
        return None
