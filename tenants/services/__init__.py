from tenants.services.lifecycle import change_plan, change_state
from tenants.services.onboarding import onboard_now, register_jobs, request_onboarding

__all__ = ["change_plan", "change_state", "onboard_now", "register_jobs", "request_onboarding"]
