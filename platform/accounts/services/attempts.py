"""Bounding the rate of guesses, in PostgreSQL, without a door that an outsider could shut on a person.

Failures are counted apart for a device that the person has logged in on before (it carries a signed mark) and for all
others, after OWASP's device cookies. Strangers wait for the account, for their network and for both; the person's own
device waits for its own failures alone; a passkey waits for nobody. Nothing is ever closed: delays grow to a longest.

A try is counted *before* the secret is looked at, in a transaction of its own under row locks, and taken back on
success: any number of threads and processes at once get no more tries than one after the other would.
An account that does not exist is counted in the same way.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from django.db import transaction

from accounts.engine.pacing import Pace, delay_after
from accounts.models import AttemptCounter
from accounts.origin import Origin
from core.clock import now
from core.errors import ProblemError

# One account from a device it knows; from one strange network; from all strange devices of the world together.
OWN_DEVICE = Pace(free=5, first_seconds=2, longest_seconds=300)
ONE_NETWORK = Pace(free=5, first_seconds=2, longest_seconds=900)
ALL_STRANGERS = Pace(free=20, first_seconds=2, longest_seconds=300)
ALL_STRANGERS_CODE = Pace(free=10, first_seconds=2, longest_seconds=900)
# All accounts from one strange network: many people may share an office's address.
WHOLE_NETWORK = Pace(free=50, first_seconds=1, longest_seconds=60)
RESETS = Pace(free=3, first_seconds=60, longest_seconds=3600)
_OLD = timedelta(days=2)


class TooManyAttempts(ProblemError):
    """The next try is allowed in `retry_after` seconds."""

    status = 429
    code = "too_many_attempts"
    title = "Too many attempts"


@dataclass(frozen=True, slots=True)
class Counter:
    key: str
    pace: Pace


@dataclass(frozen=True, slots=True)
class Attempt:
    """A counted try; `succeeded` takes it back."""

    counters: tuple[Counter, ...]
    # What a success wipes clean; the others only get their one try back.
    own: frozenset[str]


def account_hash(email: str) -> str:
    """What an account is called in counters and device marks."""
    return hashlib.sha256(f"account\x00{email.strip().lower()}".encode()).hexdigest()


def count_attempt(*, kind: str, email: str, origin: Origin) -> Attempt:
    """Count one try at `kind` ("password", "code" or "reset") beforehand. Raises `TooManyAttempts`."""
    account = account_hash(email)
    counters = _counters(kind, account, origin)
    _admit(counters)
    return Attempt(counters=counters, own=frozenset({counters[0].key}))


def attempt_succeeded(attempt: Attempt) -> None:
    """Take the try back: the own counter goes to zero, the shared ones lose this one failure."""
    with transaction.atomic():
        rows = _locked([counter.key for counter in attempt.counters])
        paces = {counter.key: counter.pace for counter in attempt.counters}
        for row in rows:
            row.failures = 0 if row.key in attempt.own else max(0, row.failures - 1)
            # Others' failures still make their delay; this try adds none.
            seconds = delay_after(paces[row.key], row.failures)
            row.next_at = min(row.next_at, row.last_at + timedelta(seconds=seconds))
            row.save(update_fields=["failures", "next_at"])


def _counters(kind: str, account: str, origin: Origin) -> tuple[Counter, ...]:
    mark = origin.marks.get(account)
    if kind == "reset":
        return (
            Counter(_key(kind, account, mark or ""), RESETS),
            Counter(_key(kind, origin.network), WHOLE_NETWORK),
        )
    if mark:
        return (Counter(_key(kind, account, mark), OWN_DEVICE),)
    everyone = ALL_STRANGERS_CODE if kind == "code" else ALL_STRANGERS
    return (
        Counter(_key(kind, account, origin.network), ONE_NETWORK),
        Counter(_key(kind, account), everyone),
        Counter(_key(kind, origin.network), WHOLE_NETWORK),
    )


def _key(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()


def _locked(keys: Sequence[str]) -> list[AttemptCounter]:
    """The rows, locked in the order of their keys, so that two never wait for each other in a ring."""
    found = AttemptCounter.objects.select_for_update().filter(key__in=keys).order_by("key")
    return list(found)


@transaction.atomic
def _admit(counters: Sequence[Counter]) -> None:
    begun = now()
    paces = {counter.key: counter.pace for counter in counters}
    fresh = [AttemptCounter(key=key, last_at=begun, next_at=begun) for key in sorted(paces)]
    AttemptCounter.objects.bulk_create(fresh, ignore_conflicts=True)
    rows = _locked(list(paces))
    # Only now: while this one waited for the locks, others have counted at later moments.
    at = now()
    wait = max((row.next_at - at).total_seconds() for row in rows)
    if wait > 0:
        seconds = ceil(wait)
        raise TooManyAttempts(
            f"Too many attempts. Try again in {seconds} seconds.", retry_after=seconds
        )
    for row in rows:
        _count(row, paces[row.key], at)
        row.save(update_fields=["failures", "last_at", "next_at"])
    if any(key.startswith("00") for key in paces):
        # One key in 256 sweeps: the table cannot grow without end, and nothing else has to run.
        AttemptCounter.objects.filter(last_at__lt=at - _OLD).delete()


def _count(row: AttemptCounter, pace: Pace, at: datetime) -> None:
    if (at - row.last_at).total_seconds() > pace.forget_seconds:
        row.failures = 0
    row.failures += 1
    row.last_at = at
    row.next_at = at + timedelta(seconds=delay_after(pace, row.failures))
