from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    name = "jobs"
    verbose_name = _("Jobs")

    def ready(self) -> None:
        from core.ticks import Tick, register_tick
        from jobs.services import sweep

        register_tick(Tick("jobs.sweep", settings.JOB_SWEEP_SECONDS, sweep))
