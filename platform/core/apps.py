from django.apps import AppConfig

DAY = 86_400.0


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = "Core"

    def ready(self) -> None:
        from core.storage.upkeep import remove_old_drafts_everywhere
        from core.ticks import Tick, register_tick

        register_tick(Tick("core.old_drafts", DAY, remove_old_drafts_everywhere))
