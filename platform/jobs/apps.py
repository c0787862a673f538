from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    name = "jobs"
    verbose_name = _("Jobs")

    def ready(self) -> None:
        from core.console.navigation import NavItem, add_items
        from core.ticks import Tick, register_tick
        from jobs.retention import register_records
        from jobs.services import sweep

        register_records()
        register_tick(Tick("jobs.sweep", settings.JOB_SWEEP_SECONDS, sweep))
        add_items(
            "ops",
            NavItem(_("Queues"), "low_priority", "job_queues", "jobs.view", _("Operations"), 71),
        )
        for site in ("bank", "ops"):
            add_items(
                site,
                NavItem(
                    _("Jobs"),
                    "progress_activity",
                    "jobs_job_changelist",
                    "jobs.view",
                    _("Operations"),
                    70,
                ),
            )
