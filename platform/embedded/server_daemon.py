"""The process that keeps one run folder's PostgreSQL and Redis running while somebody uses them.

It holds `server.lock`. Users hold `users.lock` shared, so that a user that dies, however it dies,
is gone at once for the kernel. When the daemon can take that lock alone, nobody is left: it stops.
"""

import contextlib
import os
import signal
import time
from pathlib import Path
from types import FrameType
from typing import Any

from embedded.endpoints import Wanted
from embedded.errors import EmbeddedError
from embedded.locks import FileLock
from embedded.postgres_server import ADMIN, WEB, postgres_server
from embedded.proc import look
from embedded.redis_server import redis_server
from embedded.run_folder import RunFolder
from embedded.supervisor import ProcessSupervisor

SERVER_LOCK = "server.lock"
USERS_LOCK = "users.lock"
STATUS = "servers.json"
KEEP = "keep-servers"
_TICK = 0.05
_LOOK_FOR_USERS = 0.5


class ServerDaemon:
    """Start, watch and stop the servers of one run folder."""

    def __init__(self, run: RunFolder, wanted: Wanted) -> None:
        self._run = run
        self._wanted = wanted
        self._supervisor = ProcessSupervisor(logs=run.logs, on_change=self._note_children)
        self._status: dict[str, Any] = {}
        self._stopping = False
        self._socket_folders: list[Path] = []

    def serve(self) -> int:
        """Run until nobody needs the servers or a signal asks to stop. Returns an exit status."""
        lock = FileLock(self._run.root / SERVER_LOCK)
        if not lock.acquire(timeout=1.0):
            return 0  # Somebody else was quicker.
        users = FileLock(self._run.root / USERS_LOCK)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask_to_stop)
        me = look(os.getpid())
        self._status = {
            "state": "starting",
            "pid": os.getpid(),
            "started": me.started if me else 0,
            "servers": self._wanted.names,
        }
        self._write_status()
        try:
            self._status["environment"] = self._start()
            self._note_state("ready")
            self._watch(users)
        except EmbeddedError as error:
            self._status["error"] = str(error)
            self._supervisor.stop()
            self._note_state("failed")
            return 1
        self._note_state("stopping")
        self._supervisor.stop()
        for folder in self._socket_folders:
            with contextlib.suppress(OSError):
                folder.rmdir()
        self._note_state("stopped")
        return 0

    def _start(self) -> dict[str, str]:
        environment: dict[str, str] = {}
        if self._wanted.redis:
            redis = redis_server(self._run)
            redis.initialise()
            self._socket_folders.append(redis.sockets)
            self._supervisor.start(redis.process())
            environment |= {"BROKER_URL": redis.broker_url(), "CACHE_URL": redis.cache_url()}
        if self._wanted.postgres:
            postgres = postgres_server(self._run)
            postgres.initialise()
            self._socket_folders.append(postgres.sockets)
            self._supervisor.start(postgres.process())
            postgres.ensure_logins()
            environment |= {
                "DATABASE_URL": postgres.url(WEB),
                "DATABASE_ADMIN_URL": postgres.url(ADMIN),
            }
        return environment

    def _watch(self, users: FileLock) -> None:
        next_look = 0.0
        while not self._stopping:
            self._supervisor.tick()
            if time.monotonic() >= next_look:
                next_look = time.monotonic() + _LOOK_FOR_USERS
                if not (self._run.root / KEEP).exists():
                    if users.acquire(timeout=0):
                        return  # Held until we are gone: a newcomer waits, then starts afresh.
                    users.release()
            time.sleep(_TICK)

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True

    def _note_children(self, children: dict[str, Any]) -> None:
        self._status["processes"] = children
        self._write_status()

    def _note_state(self, state: str) -> None:
        self._status["state"] = state
        self._write_status()

    def _write_status(self) -> None:
        self._run.write_json(STATUS, self._status)
