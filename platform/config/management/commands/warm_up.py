"""Compile the scoring kernels once; every process after loads them from disk."""

from typing import Any

from django.core.management.base import BaseCommand

from scoring.engine.warmup import warm_up


class Command(BaseCommand):
    help = "Compile the scoring kernels and keep them on disk."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        warm_up()
