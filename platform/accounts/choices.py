"""Roles of people and scopes of API clients."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    BANK_ADMIN = "bank_admin", _("Bank administrator")
    RISK_ANALYST = "risk_analyst", _("Risk analyst")
    MODEL_VALIDATOR = "model_validator", _("Model validator")
    CREDIT_OFFICER = "credit_officer", _("Credit officer")
    ACQUISITION_MANAGER = "acquisition_manager", _("Acquisition manager")
    MARKETING_MANAGER = "marketing_manager", _("Marketing manager")
    COMPLIANCE = "compliance", _("Compliance")
    # In the public schema only.
    OPERATOR = "operator", _("Platform operator")


BANK_ROLES = frozenset(Role.values) - {Role.OPERATOR.value}
OPS_ROLES = frozenset({Role.OPERATOR.value})


class Proof(models.TextChoices):
    """By what a person proved who they are."""

    PASSWORD = "password", _("Password")
    INVITATION = "invitation", _("Invitation link")
    RESET = "reset", _("Mailed link")
    SSO = "sso", _("Single sign-on")
    CODE = "code", _("One-time code")
    PASSKEY = "passkey", _("Passkey")
    RECOVERY = "recovery", _("Recovery code")


FIRST_FACTORS = frozenset({Proof.PASSWORD, Proof.INVITATION, Proof.RESET, Proof.SSO, Proof.PASSKEY})
# Single sign-on counts where the bank's identity provider said that it asked for a second factor.
SECOND_FACTORS = frozenset({Proof.CODE, Proof.PASSKEY, Proof.RECOVERY, Proof.SSO})


class EndReason(models.TextChoices):
    """Why a sign-in ended."""

    LEFT = "left", _("Logged out")
    ENDED = "ended", _("Ended by the person")
    ENDED_BY_ADMIN = "ended_by_admin", _("Ended by an administrator")
    IDLE = "idle", _("Idle for too long")
    EXPIRED = "expired", _("Its time was over")
    PASSWORD = "password", _("The password changed")
    DISABLED = "disabled", _("The person was disabled")
    RESET = "reset", _("The second factor was reset")


class ClientMethod(models.TextChoices):
    """How an API client shows who it is, by the names of OpenID Connect's client authentication."""

    SECRET = "client_secret", _("Secret")
    KEY = "private_key_jwt", _("Signed assertion (private_key_jwt)")
