from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TenantsConfig(AppConfig):
    name = "tenants"
    verbose_name = _("Banks")

    def ready(self) -> None:
        from core.console.navigation import NavItem, add_items
        from core.tenancy import register_directory
        from core.ticks import Tick, register_tick
        from tenants import permissions, provisioning, services
        from tenants.directory import directory

        register_directory(directory)
        permissions.register_all()
        provisioning.register_own_steps()
        services.register_jobs()
        register_tick(Tick("tenants.meter", services.METER_SECONDS, services.meter_banks))
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
        )
