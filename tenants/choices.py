"""States of a bank and the modules it may have."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class BankState(models.TextChoices):
    PROVISIONING = "provisioning", _("Provisioning")
    ACTIVE = "active", _("Active")
    SUSPENDED = "suspended", _("Suspended")
    CLOSING = "closing", _("Closing")
    CLOSED = "closed", _("Closed")


class MigrationOutcome(models.TextChoices):
    """Where a bank stands in the newest run of `migrate_banks`."""

    PENDING = "pending", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


# From which state to which; everything else is refused.
TRANSITIONS: dict[str, frozenset[str]] = {
    BankState.PROVISIONING: frozenset({BankState.ACTIVE, BankState.SUSPENDED, BankState.CLOSED}),
    BankState.ACTIVE: frozenset({BankState.SUSPENDED, BankState.CLOSING}),
    BankState.SUSPENDED: frozenset({BankState.ACTIVE, BankState.CLOSING}),
    BankState.CLOSING: frozenset({BankState.SUSPENDED, BankState.CLOSED}),
    BankState.CLOSED: frozenset(),
}


# What one operator may do alone; closing a bank goes through off-boarding, where two have to agree.
OPERATOR_TRANSITIONS: frozenset[tuple[str, str]] = frozenset(
    {
        (BankState.ACTIVE, BankState.SUSPENDED),
        (BankState.SUSPENDED, BankState.ACTIVE),
    }
)


class OffboardingState(models.TextChoices):
    REQUESTED = "requested", _("Requested")
    EXPORTING = "exporting", _("Being exported")
    WAITING = "waiting", _("Waiting")
    DROPPING = "dropping", _("Being dropped")
    CLOSED = "closed", _("Closed")
    CANCELLED = "cancelled", _("Cancelled")


# Off-boardings that are not over, and those that can still be called off.
OPEN_OFFBOARDING = frozenset(
    {
        OffboardingState.REQUESTED,
        OffboardingState.EXPORTING,
        OffboardingState.WAITING,
        OffboardingState.DROPPING,
    }
)
CANCELLABLE = OPEN_OFFBOARDING - {OffboardingState.DROPPING}


class Module(models.TextChoices):
    SCORING = "scoring", _("Risk scoring")
    ACQUISITION = "acquisition", _("Smart acquisition")
    MARKETING = "marketing", _("Smart marketing")


class Jurisdiction(models.TextChoices):
    CN = "CN", _("China")
    EU = "EU", _("European Union")
    US = "US", _("United States")
