from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ComplianceConfig(AppConfig):
    name = "compliance"
    verbose_name = _("Compliance")

    def ready(self) -> None:
        from compliance import permissions, services
        from core.console.navigation import NavItem, add_items
        from core.console.step_up import require_fresh
        from core.ticks import Tick, register_tick

        permissions.register_all()
        require_fresh("compliance_erasure_approve", "compliance_hold_approve")
        services.register_all()
        register_tick(Tick("compliance.purge", services.TICK_SECONDS, services.start_due_purges))
        group = _("Compliance")
        add_items(
            "bank",
            NavItem(_("Erasures"), "person_off", "compliance_erasure_changelist", permissions.VIEW, group, 80),
            NavItem(_("Legal holds"), "gavel", "compliance_legalhold_changelist", permissions.VIEW, group, 81),
            NavItem(_("Retention"), "auto_delete", "compliance_retention", permissions.VIEW, group, 82),
            NavItem(_("Purges"), "delete_sweep", "compliance_purgerun_changelist", permissions.VIEW, group, 83),
        )  # fmt: skip
