"""The closed lists of compliance."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class HoldScope(models.TextChoices):
    PERSON = "person", _("A person")
    DATASET = "dataset", _("A dataset")
    KIND = "kind", _("A whole kind of record")


class HoldState(models.TextChoices):
    """A proposed hold holds already: waiting for a second person must not be a gap."""

    PROPOSED = "proposed", _("Proposed")
    ACTIVE = "active", _("In force")
    LIFTING = "lifting", _("Lifting asked for")
    LIFTED = "lifted", _("Lifted")


HOLDING = (HoldState.PROPOSED, HoldState.ACTIVE, HoldState.LIFTING)


class ErasureState(models.TextChoices):
    REQUESTED = "requested", _("Waits for a second person")
    RUNNING = "running", _("Running")
    DONE = "done", _("Erased")
    BLOCKED = "blocked", _("Held back by a legal hold")
    REFUSED = "refused", _("Refused")


class PurgeMode(models.TextChoices):
    REPORT = "report", _("Report only")
    PURGE = "purge", _("Purge")
