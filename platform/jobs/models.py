"""Job: the durable record of every long piece of work. PostgreSQL is the truth, the broker only carries messages."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.models import BaseRow
from jobs.choices import JobState, Queue


class Job(BaseRow):
    """One piece of work; `attempt` is the fence: a worker whose lease was taken over can write nothing any more."""

    kind = models.CharField(_("kind"), max_length=60)
    queue = models.CharField(_("queue"), max_length=20, choices=Queue.choices)
    title = models.CharField(_("title"), max_length=200, blank=True)
    state = models.CharField(
        _("state"), max_length=20, choices=JobState.choices, default=JobState.QUEUED
    )
    params = models.JSONField(default=dict, blank=True)
    result = models.JSONField(null=True, blank=True)
    # What a resumed run needs to go on after the last finished piece.
    checkpoint = models.JSONField(default=dict, blank=True)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    unit = models.CharField(max_length=30, blank=True)
    rate = models.FloatField(default=0, help_text="units per second, smoothed")
    stage = models.CharField(_("stage"), max_length=200, blank=True)
    error_code = models.CharField(max_length=60, blank=True)
    error = models.TextField(blank=True)
    attempt = models.PositiveIntegerField(default=0)
    max_attempts = models.PositiveIntegerField(default=5)
    lease_until = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=120, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    created_by = models.CharField(_("started by"), max_length=200)
    actor = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["state", "queue"], name="job_state_queue")
        ]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=models.Q(state__in=JobState.values), name="job_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(done__gte=0, total__gte=0), name="job_counts"
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.kind


class JobLog(BaseRow):
    """A line of a job's log."""

    database_rights = "append"

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="log")
    level = models.CharField(max_length=10, default="info")
    text = models.CharField(max_length=1000)

    class Meta:
        verbose_name = _("job log line")
        verbose_name_plural = _("job log")
        ordering: ClassVar[list[str]] = ["id"]

    def __str__(self) -> str:
        return self.text
