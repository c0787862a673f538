from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    name = "audit"
    verbose_name = _("Audit trail")

    def ready(self) -> None:
        from audit import services
        from audit.entry_stream import register_entries
        from audit.retention import register_records
        from core.console.navigation import NavItem, add_items
        from core.ticks import Tick, register_tick

        register_entries()
        register_records()
        register_tick(Tick("audit.seal", 1.0, services.seal_due_banks))
        register_tick(Tick("audit.checkpoint", 60.0, services.checkpoint_due_banks))
        item = NavItem(
            _("Audit trail"), "fact_check", "audit_auditentry_changelist", "audit.view", _("Administration"), 85
        )  # fmt: skip
        for site in ("bank", "ops"):
            add_items(site, item)
