"""States a contract and a load pass through, with their words for people."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ContractState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    CONFIRMED = "confirmed", _("Confirmed")


class LoadState(models.TextChoices):
    RECEIVED = "received", _("Received")
    INFERRING = "inferring", _("Looking at the file")
    NEEDS_CONTRACT = "needs_contract", _("Waits for its contract")
    LOADING = "loading", _("Loading")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Failed")
    # Its files were shredded after their time; what was counted stays.
    PURGED = "purged", _("Purged")


# States in which a job has still to do something.
WORKING_STATES = frozenset({LoadState.RECEIVED, LoadState.INFERRING, LoadState.LOADING})
