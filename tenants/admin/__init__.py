"""The platform's pages: banks, plans, off-boardings, use against quotas."""

from tenants.admin.banks import BankAdmin, PlanAdmin
from tenants.admin.offboarding import OffboardingAdmin
from tenants.admin.usage import OverrideAdmin

__all__ = ["BankAdmin", "OffboardingAdmin", "OverrideAdmin", "PlanAdmin"]
