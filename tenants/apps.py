from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TenantsConfig(AppConfig):
    name = "tenants"
    verbose_name = _("Banks")

    def ready(self) -> None:
        from core.console.navigation import NavItem, add_items
        from core.console.step_up import require_fresh
        from core.tenancy import register_directory
        from core.ticks import Tick, register_tick
        from tenants import permissions, provisioning, services
        from tenants.directory import directory

        register_directory(directory)
        require_fresh(
            "tenants_bank_suspend", "tenants_bank_resume", "tenants_bank_plan_change", "tenants_bank_quota_change",
            "tenants_bank_offboard", "tenants_quotaoverride_end", "tenants_offboarding_approve",
            "tenants_offboarding_call_off", "tenants_offboarding_download",
        )  # fmt: skip
        permissions.register_all()
        provisioning.register_own_steps()
        services.register_jobs()
        register_tick(Tick("tenants.meter", services.METER_SECONDS, services.meter_banks))
        register_tick(Tick("tenants.meter_near", services.NEAR_SECONDS, services.meter_near_limits))
        register_tick(Tick("tenants.offboard", services.OFFBOARDING_SECONDS, services.drop_due))
        add_items(
            "ops",
            NavItem(
                _("Banks"),
                "account_balance",
                "tenants_bank_changelist",
                "tenants.bank.view",
                _("Platform"),
                10,
            ),
            NavItem(
                _("Plans"),
                "sell",
                "tenants_plan_changelist",
                "tenants.bank.view",
                _("Platform"),
                20,
            ),
            NavItem(
                _("Quota overrides"),
                "tune",
                "tenants_quotaoverride_changelist",
                "tenants.bank.view",
                _("Platform"),
                25,
            ),
            NavItem(
                _("Off-boardings"),
                "logout",
                "tenants_offboarding_changelist",
                "tenants.bank.view",
                _("Platform"),
                30,
            ),
        )
        add_items(
            "bank",
            NavItem(
                _("Use and quotas"),
                "data_usage",
                "tenants_usage",
                "tenants.usage.view",
                _("Administration"),
                90,
            ),
        )
