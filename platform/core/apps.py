from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = "Core"

    def ready(self) -> None:
        from core.storage.upkeep import EVERY_SECONDS, remove_old_drafts_everywhere
        from core.ticks import Tick, register_tick

        register_tick(Tick("core.old_drafts", EVERY_SECONDS, remove_old_drafts_everywhere))
