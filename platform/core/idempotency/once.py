"""Once: the effect of a call and its answer are committed together, and the call that comes again gets that answer.

No row says "running": a transaction-bound advisory lock does. It dies with the transaction, so a process that is killed
leaves either both effect and answer or neither, and blocks nobody. A process that hangs inside the transaction is
thrown out by PostgreSQL after `IDLE_SECONDS`.
"""

import hashlib
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction

from core.clock import now
from core.errors import Conflict, IdempotencyMismatch
from core.idempotency.calls import Answer, Call
from core.idempotency.models import StoredAnswer
from core.idempotency.sealing import Sealed, opened, sealed
from core.ids import new_id
from core.tenancy import current_context

IDLE_SECONDS = 30
RETRY_SECONDS = 1
_BEGIN = "SELECT set_config('idle_in_transaction_session_timeout', %s, true), pg_try_advisory_xact_lock(%s)"
_LOCK = "SELECT pg_try_advisory_xact_lock(%s)"


def answer_once(*, call: Call, run: Callable[[], Answer], subject: str = "") -> Answer:
    """Run `run` and keep its answer, or give the answer that the same call had.

    `subject` is the bank's reference of the person the answer speaks of, if any: its key is the answer's. Only
    successes are kept: an error changed nothing, and the next attempt runs. Raises `IdempotencyMismatch` (422) for
    a key that was used for something else, `Conflict` (409) while the same call is running, `SubjectErased` (410)
    when the person of the kept answer was erased, and whatever `run` raises.
    """
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        _hold(call, outermost=outermost)
        kept = _kept(call)
        if kept is not None:
            return kept
        answer = run()
        if answer.status >= 400:
            transaction.set_rollback(True)
        else:
            _keep(call, answer, subject)
        return answer


def _hold(call: Call, *, outermost: bool) -> None:
    """A statement of its own: what is read after it sees everything the holder before committed."""
    name = f"{current_context().schema}\n{call.client}\n{call.key}".encode()
    number = int.from_bytes(hashlib.sha256(name).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        if outermost:
            cursor.execute(_BEGIN, [f"{IDLE_SECONDS}s", number])
        else:
            cursor.execute(_LOCK, [number])
        free = bool(cursor.fetchone()[-1])
    if not free:
        raise Conflict(
            "A call with this key is still running.",
            code="idempotency_in_progress",
            retry_after=RETRY_SECONDS,
        )


def _kept(call: Call) -> Answer | None:
    row = StoredAnswer.objects.filter(client=call.client, key=call.key).first()
    if row is None:
        return None
    if row.expires_at <= now():
        row.delete()
        return None
    if bytes(row.call_hash) != call.digest:
        raise IdempotencyMismatch()
    return opened(Sealed(bytes(row.answer), bytes(row.subject)), row_id=str(row.id))


def _keep(call: Call, answer: Answer, subject: str) -> None:
    row_id = new_id()
    stored = sealed(answer, row_id=str(row_id), subject=subject)
    StoredAnswer(
        id=row_id,
        client=call.client,
        key=call.key,
        call_hash=call.digest,
        answer=stored.answer,
        subject=stored.subject,
        expires_at=now() + timedelta(seconds=settings.IDEMPOTENCY_SECONDS),
    ).save(force_insert=True)
