"""Is this process alive, and can it serve? Asked by load balancers, before any bank is looked up.

Alive means: restart me otherwise. Ready means: send me calls. A broker or cache that is down makes the answer
`degraded`, still ready: decisions, logins and the audit trail go on without them.
"""

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import orjson
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.http import HttpResponse

from core.tenancy import public_scope

KEPT_SECONDS = 1.0
CONNECT_SECONDS = 0.3
FREE_BYTES = 256 * 1024**2


@dataclass(frozen=True, slots=True)
class Check:
    """`needed`: without it this process serves nothing."""

    name: str
    works: Callable[[], bool]
    needed: bool


def database_answers() -> bool:
    """One statement on this thread's connection, made anew when it is gone."""
    try:
        with public_scope(), connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return cursor.fetchone() == (1,)
    except DatabaseError:
        connection.close()
        return False


def listens(url: str) -> bool:
    """Whether something accepts a connection at the URL's place (TCP, or a socket file)."""
    parts = urlsplit(url)
    path = parts.path if parts.scheme in ("unix", "redis+socket") else ""
    path = parse_qs(parts.query).get("path", [path])[0]
    try:
        if path and os.path.exists(path):
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(CONNECT_SECONDS)
                probe.connect(path)
        else:
            port = parts.port or {"amqp": 5672, "amqps": 5671}.get(parts.scheme, 6379)
            socket.create_connection((parts.hostname or "localhost", port), CONNECT_SECONDS).close()
    except OSError:
        return False
    return True


def disk_has_room() -> bool:
    """Whether the run folder's disk has 256 MiB left: temporary files of uploads go there."""
    return shutil.disk_usage(settings.RUN_DIR).free > FREE_BYTES


CHECKS = (
    Check("database", database_answers, needed=True),
    Check("broker", lambda: listens(settings.CELERY_BROKER_URL), needed=False),
    Check("cache", lambda: listens(settings.CACHES["default"]["LOCATION"]), needed=False),
    Check("disk", disk_has_room, needed=False),
)


class Readiness:
    """The checks' answers, kept a second so that asking often costs nothing."""

    def __init__(self, checks: tuple[Check, ...] = CHECKS) -> None:
        self._checks = checks
        self._lock = threading.Lock()
        self._kept: tuple[float, dict[str, bool]] = (0.0, {})

    def answers(self) -> dict[str, bool]:
        with self._lock:
            moment, found = self._kept
            if time.monotonic() - moment > KEPT_SECONDS:
                found = {check.name: check.works() for check in self._checks}
                self._kept = (time.monotonic(), found)
            return found

    def status(self, answers: dict[str, bool]) -> str:
        """ready, degraded or unavailable."""
        if any(check.needed and not answers[check.name] for check in self._checks):
            return "unavailable"
        return "ready" if all(answers.values()) else "degraded"


readiness = Readiness()


def alive() -> HttpResponse:
    """`GET /healthz`."""
    return HttpResponse("ok", content_type="text/plain")


def ready() -> HttpResponse:
    """`GET /readyz`: 200 when this process can serve, 503 when it cannot, and which part is missing."""
    answers = readiness.answers()
    status = readiness.status(answers)
    body = {
        "status": status,
        "checks": {name: "ok" if ok else "down" for name, ok in answers.items()},
    }
    return HttpResponse(
        orjson.dumps(body),
        status=503 if status == "unavailable" else 200,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


PROBES = {"/healthz": alive, "/readyz": ready}
