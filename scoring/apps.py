from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ScoringConfig(AppConfig):
    name = "scoring"
    verbose_name = _("Risk scoring")

    def ready(self) -> None:
        from core.console.step_up import require_fresh
        from scoring import permissions, services

        require_fresh(
            "scoring_version_approve",
            "scoring_version_deploy",
            "scoring_policy_approve",
            "scoring_policy_deploy",
        )
        permissions.register_all()
        services.register_jobs()
        services.register_decisions()
        services.register_meters()
        services.register_person()
        services.register_records()
