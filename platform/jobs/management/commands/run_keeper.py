"""The keeper: sends lost jobs again, seals the audit chain and does whatever else modules registered."""

import logging
import signal
import threading
import time
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connections

from core.tenancy import public_scope
from core.ticks import Tick, ticks

log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Run the periodic small work (sweeping, sealing) until stopped. Two keepers at once do no harm."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        due = {tick.name: 0.0 for tick in ticks()}
        log.info("keeper: %s", ", ".join(due))
        while not stop.is_set():
            for tick in ticks():
                if time.monotonic() >= due[tick.name]:
                    _run(tick)
                    due[tick.name] = time.monotonic() + tick.seconds
            stop.wait(max(0.05, min(due.values()) - time.monotonic()) if due else 1.0)


def _run(tick: Tick) -> None:
    try:
        with public_scope():
            tick.run()
    except Exception:
        # The next round tries again; a keeper that dies of one bad round would stop all others' work.
        log.exception("tick %s failed", tick.name)
        connections["default"].close()
