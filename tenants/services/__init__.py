from tenants.services.dropping import register_drop
from tenants.services.exporting import (
    export_store,
    manifest_of,
    register_export,
    request_export,
)
from tenants.services.handing_over import export_tar
from tenants.services.importing import register_import, request_import
from tenants.services.lifecycle import change_plan, change_state
from tenants.services.metering import EVERY_SECONDS as METER_SECONDS
from tenants.services.metering import (
    NEAR_SECONDS,
    meter_bank,
    meter_banks,
    meter_near_limits,
    month_of,
)
from tenants.services.migrating import Options as MigrationOptions
from tenants.services.migrating import Report as MigrationReport
from tenants.services.migrating import migrate_banks, plan_migrations
from tenants.services.offboarding import TICK_SECONDS as OFFBOARDING_SECONDS
from tenants.services.offboarding import (
    approve_offboarding,
    cancel_offboarding,
    drop_due,
    register_reopen,
    request_offboarding,
)
from tenants.services.onboarding import onboard_now, register_onboarding, request_onboarding
from tenants.services.quotas import change_plan_quotas, end_override, grant_override

__all__ = [
    "METER_SECONDS",
    "NEAR_SECONDS",
    "OFFBOARDING_SECONDS",
    "MigrationOptions",
    "MigrationReport",
    "approve_offboarding",
    "cancel_offboarding",
    "change_plan",
    "change_plan_quotas",
    "change_state",
    "drop_due",
    "end_override",
    "export_store",
    "export_tar",
    "grant_override",
    "manifest_of",
    "meter_bank",
    "meter_banks",
    "meter_near_limits",
    "migrate_banks",
    "month_of",
    "onboard_now",
    "plan_migrations",
    "register_jobs",
    "request_export",
    "request_import",
    "request_offboarding",
    "request_onboarding",
]


def register_jobs() -> None:
    """Called once at start-up."""
    for register in (
        register_onboarding,
        register_export,
        register_reopen,
        register_drop,
        register_import,
    ):
        register()
