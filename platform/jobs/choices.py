"""States and queues of jobs."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class JobState(models.TextChoices):
    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    CANCELLING = "cancelling", _("Cancelling")
    SUCCEEDED = "succeeded", _("Succeeded")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


OPEN_STATES = frozenset({JobState.QUEUED, JobState.RUNNING, JobState.CANCELLING})
FINAL_STATES = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED})


class Queue(models.TextChoices):
    TRAINING = "training", _("Training")
    BATCH = "batch", _("Batch")
    REALTIME = "realtime", _("Real time")
    DELIVERY = "delivery", _("Delivery")
    OPS = "ops", _("Operations")


class Priority(models.IntegerChoices):
    """Order among one bank's own jobs of a queue; the smaller goes first."""

    HIGH = 1, _("High")
    NORMAL = 5, _("Normal")
    LOW = 8, _("Low")
