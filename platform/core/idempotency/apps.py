from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IdempotencyConfig(AppConfig):
    name = "core.idempotency"
    label = "idempotency"
    verbose_name = _("Idempotency")

    def ready(self) -> None:
        from core.idempotency.upkeep import PURGE_SECONDS, purge_everywhere
        from core.ticks import Tick, register_tick

        register_tick(Tick("idempotency.purge", PURGE_SECONDS, purge_everywhere))
