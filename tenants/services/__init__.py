from tenants.services.lifecycle import change_plan, change_state
from tenants.services.metering import EVERY_SECONDS as METER_SECONDS
from tenants.services.metering import meter_bank, meter_banks, month_of
from tenants.services.migrating import Options as MigrationOptions
from tenants.services.migrating import Report as MigrationReport
from tenants.services.migrating import migrate_banks, plan_migrations
from tenants.services.onboarding import onboard_now, register_jobs, request_onboarding

__all__ = [
    "METER_SECONDS",
    "MigrationOptions",
    "MigrationReport",
    "change_plan",
    "change_state",
    "meter_bank",
    "meter_banks",
    "migrate_banks",
    "month_of",
    "onboard_now",
    "plan_migrations",
    "register_jobs",
    "request_onboarding",
]
