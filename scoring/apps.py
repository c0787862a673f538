from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ScoringConfig(AppConfig):
    name = "scoring"
    verbose_name = _("Risk scoring")

    def ready(self) -> None:
        from scoring import permissions, services

        permissions.register_all()
        services.register_jobs()
        services.register_decisions()
        services.register_meters()
