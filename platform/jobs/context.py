"""What a running job sees: its parameters, its progress, its fence."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from core.actors import Actor
from jobs.choices import JobState
from jobs.models import Job, JobLog

WRITE_EVERY_SECONDS = 0.5


class JobCancelled(Exception):
    """A person cancelled the job."""


class LeaseLost(Exception):
    """Another worker has taken the job over: nothing more may be written."""


class JobContext:
    """One attempt at one job. Every write of it is fenced by the attempt's number."""

    def __init__(self, job: Job) -> None:
        self.job_id = str(job.id)
        self.kind = job.kind
        self.queue = job.queue
        self.attempt = job.attempt
        self.params: Mapping[str, Any] = job.params
        self.checkpoint: dict[str, Any] = dict(job.checkpoint)
        self.actor = Actor(
            kind=job.actor.get("kind", "system"),
            id=job.actor.get("id", ""),
            label=job.actor.get("label", ""),
            roles=frozenset(job.actor.get("roles", ())),
            scopes=frozenset(job.actor.get("scopes", ())),
        )
        self.cancel_requested = threading.Event()
        self.lease_lost = threading.Event()
        self.began = time.monotonic()
        self._last_write = 0.0
        self._rate = 0.0
        self._seen: tuple[float, int] | None = None

    def _mine(self) -> Any:
        return Job.objects.filter(pk=self.job_id, attempt=self.attempt)

    def check(self) -> None:
        """Raise when the job was cancelled or taken over; cheap, call it often."""
        if self.lease_lost.is_set():
            raise LeaseLost(self.job_id)
        if self.cancel_requested.is_set():
            raise JobCancelled(self.job_id)

    def progress(self, done: int, total: int, stage: str = "") -> None:
        """Say how far the job is; written at most twice a second. Raises like `check`."""
        self.check()
        moment = time.monotonic()
        finished = total > 0 and done >= total
        if moment - self._last_write < WRITE_EVERY_SECONDS and not finished:
            return
        self._last_write = moment
        self._smooth(moment, done)
        row = (
            self._mine()
            .filter(state__in=[JobState.RUNNING, JobState.CANCELLING])
            .update(done=done, total=total, stage=stage[:200], rate=self._rate)
        )
        if not row:
            self.lease_lost.set()
            raise LeaseLost(self.job_id)

    def _smooth(self, moment: float, done: int) -> None:
        if self._seen is not None and moment > self._seen[0] and done >= self._seen[1]:
            rate = (done - self._seen[1]) / (moment - self._seen[0])
            self._rate = rate if self._rate == 0 else 0.7 * self._rate + 0.3 * rate
        self._seen = (moment, done)

    def log(self, text: str, *, level: str = "info") -> None:
        """Add a line to the job's log; no personal data."""
        JobLog.objects.create(job_id=self.job_id, text=text[:1000], level=level)

    @contextmanager
    def fenced(self) -> Iterator[None]:
        """A transaction that commits only while this attempt still holds the job.

        The row lock makes a take-over wait for the commit: a piece of work is either this attempt's or the next one's.
        """
        with transaction.atomic():
            held = self._mine().select_for_update().values_list("state", flat=True).first()
            if held not in (JobState.RUNNING, JobState.CANCELLING):
                self.lease_lost.set()
                raise LeaseLost(self.job_id)
            yield

    def save_checkpoint(self, **values: Any) -> None:
        """Remember what a resumed attempt may skip. Call it inside `fenced`, beside the work it describes."""
        self.checkpoint.update(values)
        self._mine().update(checkpoint=self.checkpoint)
