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
# A keeper that is stopped in the middle of a transaction holds its locks: PostgreSQL ends it after so long, so that
# another keeper can go on, and the sleeper finds its connection gone when it wakes.
IDLE_SECONDS = 20


class Command(BaseCommand):
    help = "Run the periodic small work (sweeping, sealing) until stopped. Two keepers at once do no harm."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        _end_idle_transactions()
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


def _end_idle_transactions() -> None:
    options = connections["default"].settings_dict.setdefault("OPTIONS", {})
    given = options.get("options", "")
    options["options"] = (
        f"{given} -c idle_in_transaction_session_timeout={IDLE_SECONDS * 1000}".strip()
    )


def _run(tick: Tick) -> None:
    try:
        with public_scope():
            tick.run()
    except Exception:
        # The next round tries again; a keeper that dies of one bad round would stop all others' work.
        log.exception("tick %s failed", tick.name)
        connections["default"].close()
