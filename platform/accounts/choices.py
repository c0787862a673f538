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
