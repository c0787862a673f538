"""Whose job is sent next: PostgreSQL decides, fairly over banks, and the broker gets only what workers can soon take.

Every start, claim and end of a job dispatches its queue right after commit, so a lone job is sent at commit. The
keeper does it again for all queues, for the processes that died in between. Nothing here looks into a bank's schema.
"""

import json
import logging
from collections.abc import Mapping
from functools import partial

from django.conf import settings
from django.db import DatabaseError, connection, transaction

from core.queue import broker_rests, send_now
from core.tenancy import PUBLIC_SCHEMA, UnknownBank, bank_directory, current_schema, public_scope
from jobs.choices import Queue

log = logging.getLogger(__name__)

RUN_TASK = "jobs.run"
# A sent job that nobody claimed is looked at after so many seconds.
FIRST_LOOK_SECONDS = 10.0
# Changes counted in one go; the rest follows in the next.
MOST_CHANGES = 500


def dispatch_after_commit(queue: str) -> None:
    """Send what is next in `queue` once the transaction commits, its own bank's changes counted first."""
    transaction.on_commit(partial(_dispatch_quietly, queue, current_schema() or ""))


def _dispatch_quietly(queue: str, schema: str) -> None:
    try:
        dispatch(queue, first=schema)
    except DatabaseError as error:
        # The job is committed and its ticket waits: the keeper dispatches it within its next round.
        log.warning("dispatch of %s failed: %s", queue, type(error).__name__)
        connection.close()


def dispatch(queue: str, *, first: str = "") -> int:
    """Send the jobs whose turn it is. Returns how many the broker took. Safe in any number of processes at once.

    The choice is one statement and commits on its own: a process that is stopped right after it holds no lock.
    """
    if broker_rests():
        return 0
    sent = 0
    with public_scope():
        for schema, job_id in _next(queue, first):
            sent += _send(schema, job_id, queue)
    return sent


def dispatch_all() -> int:
    """Every queue once: what a process that died between its commit and its dispatch left behind."""
    return sum(dispatch(queue) for queue in Queue.values)


def _next(queue: str, first: str) -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_schema, to_job::text FROM public.dispatch_pump(%s, %s, %s, %s, %s, %s)",
            [
                queue, first, settings.JOB_AHEAD, settings.JOB_SHARES.get(queue, 4),
                FIRST_LOOK_SECONDS, MOST_CHANGES,
            ],
        )  # fmt: skip
        return [(schema, job_id) for schema, job_id in cursor.fetchall()]


def _send(schema: str, job_id: str, queue: str) -> int:
    if not is_served(schema):
        put_back(schema, job_id, sends=0)
        return 0
    if send_now(RUN_TASK, job_id, queue=queue, schema=schema):
        return 1
    # Back to its lane, where it keeps its place; the keeper tries again when the broker is rested.
    decide(schema, job_id, sends=0, state="waiting")
    return 0


def is_served(schema: str) -> bool:
    """Whether jobs of this schema may run now; a bank's state is as fresh as the directory's cache."""
    if schema == PUBLIC_SCHEMA:
        return True
    try:
        return bank_directory().by_schema(schema).state not in ("suspended", "closing", "closed")
    except UnknownBank:
        return False


def put_back(schema: str, job_id: str, *, sends: int) -> None:
    """A job whose bank is not served: it waits until the bank is resumed; with a bank that is gone, it goes."""
    try:
        bank_directory().by_schema(schema)
    except UnknownBank:
        forget_bank(schema)
        return
    hold_bank(schema)
    decide(schema, job_id, sends=sends, state="waiting")


def forget_bank(schema: str) -> None:
    """Nothing of a bank that is gone is left in the queue."""
    with public_scope(), connection.cursor() as cursor:
        cursor.execute("SELECT public.dispatch_forget(%s)", [schema])


def decide(schema: str, job_id: str, *, sends: int, state: str) -> bool:
    """Give a sent or lost job's ticket a new state, unless somebody else has looked at it since (`sends` differs)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT public.dispatch_decide(%s, %s::uuid, %s, %s)", [schema, job_id, sends, state]
        )
        return bool(cursor.fetchone()[0])


def set_bank_terms(
    schema: str, *, held: bool, weight: float = 1.0, shares: Mapping[str, int] | None = None
) -> None:
    """What a bank's plan and state mean for its jobs: `shares` by queue (jobs at once), `weight` of its turns, or held.

    Held jobs keep their places; those that run are left to end.
    """
    with public_scope(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT public.dispatch_set_terms(%s, %s, %s, %s::jsonb, %s::jsonb)",
            [schema, held, weight, json.dumps(dict(shares or {})), json.dumps(settings.JOB_SHARES)],
        )
    for queue in Queue.values:
        dispatch_after_commit(queue)


def hold_bank(schema: str) -> None:
    """Hold a bank's jobs, found not to be served; its shares stay. `set_bank_terms` lets them go on."""
    with public_scope(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT public.dispatch_set_terms(%s, true, coalesce(t.weight, 1), coalesce(t.shares, '{}'), '{}') "
            "FROM (SELECT 1) AS one LEFT JOIN public.dispatch_terms t ON t.schema_name = %s",
            [schema, schema],
        )
