"""A job's public ticket, written by the bank's own session through narrow functions.

The functions take the schema from the role in force, so a bank can only mark its own tickets (`core` migrations 0001
and 0004). They write no shared row: whoever holds a transaction open makes only its own job wait.
"""

from django.db import connection


def add_ticket(*, job_id: str, queue: str, priority: int) -> None:
    """Ask for the job's turn, in the transaction that commits the job."""
    _call("dispatch_ticket_add(%s::uuid, %s, %s)", job_id, queue, priority)


def claim_ticket(*, job_id: str, queue: str, seconds: float) -> None:
    """A worker has the job; the sweeper looks at it again in `seconds`."""
    _call("dispatch_ticket_claim(%s::uuid, %s, %s)", job_id, queue, seconds)


def renew_ticket(*, job_id: str, queue: str, seconds: float) -> None:
    """The worker is alive; the sweeper looks at the job again in `seconds`."""
    _call("dispatch_ticket_put(%s::uuid, %s, %s)", job_id, queue, seconds)


def drop_ticket(*, job_id: str) -> None:
    """Nothing is left to do; the next dispatch frees the job's place."""
    _call("dispatch_ticket_drop(%s::uuid)", job_id)


def _call(function: str, *values: str | float) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT public.{function}", values)
