"""A user's side of the servers: have them started when they are not, use them, let them go."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from embedded import proc
from embedded.endpoints import Wanted, base_environment, wanted_servers
from embedded.errors import EmbeddedError
from embedded.locks import FileLock, is_held
from embedded.run_folder import RunFolder
from embedded.server_daemon import KEEP, SERVER_LOCK, STATUS, USERS_LOCK

_START_SECONDS = 120.0
_STOP_SECONDS = 60.0
_ALONE_SECONDS = 0.2


class ServerLease:
    """While held, the servers of the run folder stay up. A context manager."""

    def __init__(self, run: RunFolder, *, keep: bool = False) -> None:
        self._run = run
        self._keep = keep
        self._wanted: Wanted = wanted_servers()
        self._users = FileLock(run.root / USERS_LOCK)

    def __enter__(self) -> "ServerLease":
        self._run.prepare()
        self._users.acquire(shared=True)
        if self._keep:
            (self._run.root / KEEP).touch()
        elif not daemon_status(self._run):
            # A wish to keep servers ended with those servers.
            (self._run.root / KEEP).unlink(missing_ok=True)
        try:
            self.ensure()
        except BaseException:
            self._users.release()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        # Alone? Then the servers go with us, and we see them off, so that nothing is left behind.
        alone = self._users.acquire(timeout=_ALONE_SECONDS)
        if alone and not (self._run.root / KEEP).exists():
            stop_servers(self._run)
        self._users.release()
        # The daemon may have noticed first that nobody is left.
        proc.wait_until(lambda: daemon_status(self._run).get("state") != "stopping", _STOP_SECONDS)

    def ensure(self) -> None:
        """Start the daemon when none runs, and wait until its servers are ready."""
        if not self._wanted.names:
            return
        deadline = time.monotonic() + _START_SECONDS
        starter: subprocess.Popen[bytes] | None = None
        while True:
            status = daemon_status(self._run)
            if status.get("state") == "ready":
                self._check(status)
                return
            if starter is not None and starter.poll() not in (None, 0):
                failed = self._run.read_json(STATUS).get("error")
                raise EmbeddedError(failed or _tail(self._run.logs / "supervisor.log"))
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"Servers not ready after {_START_SECONDS:.0f} s; see {self._run.logs}."
                )
            if not is_held(self._run.root / SERVER_LOCK) and (
                starter is None or starter.poll() is not None
            ):
                starter = _launch(self._run, self._wanted)
            time.sleep(0.03)

    def watch(self) -> None:
        """Have killed servers started again; EmbeddedError when somebody stopped them in order."""
        if not self._wanted.names:
            return
        if self._run.read_json(STATUS).get("state") in ("stopping", "stopped"):
            raise EmbeddedError(f"The servers of {self._run.root} were stopped from elsewhere.")
        self.ensure()

    def environment(self) -> dict[str, str]:
        """What to add to a process' environment; values set by the user win."""
        servers = daemon_status(self._run).get("environment", {}) if self._wanted.names else {}
        return base_environment(self._run) | {
            name: os.environ.get(name) or value for name, value in servers.items()
        }

    def _check(self, status: dict[str, Any]) -> None:
        if missing := set(self._wanted.names) - set(status.get("servers", [])):
            raise EmbeddedError(
                f"The servers of {self._run.root} run without {', '.join(sorted(missing))}. "
                "Stop them (`make stop`) and try again."
            )


def daemon_status(run: RunFolder) -> dict[str, Any]:
    """What the living daemon wrote last; empty when none lives."""
    status = run.read_json(STATUS)
    seen = proc.look(int(status.get("pid", 0))) if status else None
    if seen is None or seen.started != status.get("started"):
        return {}
    return status if is_held(run.root / SERVER_LOCK) else {}


def stop_servers(run: RunFolder) -> bool:
    """Ask the daemon to stop and wait for it. False when none was running."""
    (run.root / KEEP).unlink(missing_ok=True)
    status = daemon_status(run)
    seen = proc.look(int(status["pid"])) if status else None
    if seen is None:
        return False
    proc.send(seen, signal.SIGTERM)
    if not proc.wait_until(lambda: not seen.alive, _STOP_SECONDS):
        raise EmbeddedError(
            f"The servers did not stop in {_STOP_SECONDS:.0f} s (process {seen.pid})."
        )
    return True


def _launch(run: RunFolder, wanted: Wanted) -> subprocess.Popen[bytes]:
    source = str(Path(__file__).resolve().parents[1])
    with (run.logs / "supervisor.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "embedded", "serve", str(run.root), *wanted.names],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd="/",
            env={**os.environ, "PYTHONPATH": source},
            start_new_session=True,
        )


def _tail(path: Path) -> str:
    lines = path.read_text(errors="replace").splitlines()[-15:] if path.exists() else []
    return "\n".join([f"The servers could not be started. From {path}:", *lines])
