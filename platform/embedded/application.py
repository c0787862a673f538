"""A whole application in the foreground: servers, processes, an optional story, until Ctrl-C."""

import http.client
import os
import shutil
import signal
import socket
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

from embedded import proc
from embedded.errors import EmbeddedError
from embedded.foreground import run_in_foreground
from embedded.locks import FileLock
from embedded.procfile import Application, read_procfile
from embedded.run_folder import RunFolder, checkout
from embedded.server_lease import ServerLease
from embedded.supervisor import Process, ProcessSupervisor

STATUS = "application.json"
APPLICATION_LOCK = "application.lock"
PORT_VARIABLE = "PANORAMA_PORT"
EXIT_VARIABLE = "PANORAMA_DEMO_EXIT"
MARKER = "PANORAMA_SUPERVISED_BY"
_FIRST_PORT = 8000
_PORTS_TRIED = 200
_HEALTH_SECONDS = 90.0
_TICK = 0.1
_LOOK_AT_SERVERS = 0.5
_STOP_STEPS = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))


class _InterruptedError(Exception):
    """Ctrl-C, TERM or HUP."""


class Runner:
    """Brings one application up in one run folder, and down again."""

    def __init__(self, run: RunFolder, procfile: Path) -> None:
        self._run = run
        self._procfile = procfile
        self._status: dict[str, Any] = {"pid": os.getpid()}
        self._supervisor = ProcessSupervisor(logs=run.logs, on_change=self._note_children)
        self._lock = FileLock(run.root / APPLICATION_LOCK)
        self._next_look = 0.0
        self._reservation: socket.socket | None = None

    def run(self, *, with_story: bool) -> int:
        """Everything from first to last. Returns an exit status: the story's, else 0."""
        self._run.prepare()
        if not self._lock.acquire(timeout=0):
            pid = self._run.read_json(STATUS).get("pid")
            raise EmbeddedError(f"Already up in {self._run.root} (process {pid}).")
        me = proc.look(os.getpid())
        self._status["started"] = me.started if me else 0
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _interrupt)
        try:
            sweep_leftovers(self._run)
            # Counters are one file a process: those of processes long gone only make reading slow.
            shutil.rmtree(self._run.metrics, ignore_errors=True)
            with ServerLease(self._run) as lease:
                try:
                    return self._live(lease, with_story=with_story)
                except _InterruptedError:
                    return 0
                finally:
                    self._wind_down()
        except _InterruptedError:
            return 0
        finally:
            (self._run.root / STATUS).unlink(missing_ok=True)
            self._lock.release()
            if self._reservation is not None:
                self._reservation.close()

    def _live(self, lease: ServerLease, *, with_story: bool) -> int:
        port = self._reserve_port()
        application = read_procfile(self._procfile, port=port)
        environment = lease.environment() | {
            PORT_VARIABLE: str(port),
            MARKER: str(self._run.root),
        }
        self._status["port"] = port
        for step in application.prepare:
            self._run_step(step, lease, environment, "failed")
        for process in application.processes:
            env = {**environment, **process.env}
            self._supervisor.start(replace(process, env=env, folder=process.folder or checkout()))
        self._wait_for_health(application, port)
        say(f"Up on http://localhost:{port}/ with logs in {self._run.logs}. Ctrl-C stops it.")
        if with_story and application.story is not None:
            self._run_step(application.story, lease, environment, "failed")
            if os.environ.get(EXIT_VARIABLE) == "1" and not sys.stdin.isatty():
                return 0
            say(f"Still up on http://localhost:{port}/. Ctrl-C stops it.")
        while True:
            self._tick(lease)
            time.sleep(_TICK)

    def _reserve_port(self) -> int:
        """The port the user names, else 8000 if it is free, else the next free one."""
        given = os.environ.get(PORT_VARIABLE)
        first, count = (int(given), 1) if given else (_FIRST_PORT, _PORTS_TRIED)
        for port in range(first, first + count):
            self._reservation = reserve_port(port)
            if self._reservation is not None:
                return port
        raise EmbeddedError(f"Port {first} is taken; set {PORT_VARIABLE} to a free one.")

    def _run_step(
        self, step: Process, lease: ServerLease, environment: dict[str, str], failure: str
    ) -> None:
        status = run_in_foreground(
            step.argv,
            environment={**environment, **step.env},
            on_tick=lambda: self._tick(lease),
            folder=step.folder or checkout(),
        )
        if status:
            raise EmbeddedError(f"{step.name} {failure} (exit status {status}).")

    def _tick(self, lease: ServerLease) -> None:
        self._supervisor.tick()
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + _LOOK_AT_SERVERS
            lease.watch()

    def _wait_for_health(self, application: Application, port: int) -> None:
        deadline = time.monotonic() + _HEALTH_SECONDS
        while not _is_healthy(port, application.health_path):
            self._supervisor.tick()
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"http://localhost:{port}{application.health_path} did not answer 200 within "
                    f"{_HEALTH_SECONDS:.0f} s; see {self._run.logs}."
                )
            time.sleep(_TICK)

    def _wind_down(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        say("Stopping.")
        self._supervisor.stop_together()

    def _note_children(self, children: dict[str, Any]) -> None:
        self._status["processes"] = children
        self._run.write_json(STATUS, self._status)


def sweep_leftovers(run: RunFolder) -> None:
    """End what a killed runner of this run folder left: its mark is in their environment."""
    spared = proc.ancestors(os.getpid())
    mark = f"{MARKER}={run.root}"
    proc.stop_all(
        [
            seen
            for seen in proc.every_process()
            if seen.pid not in spared and proc.has_variable(seen.pid, mark)
        ],
        _STOP_STEPS,
    )


def reserve_port(port: int) -> socket.socket | None:
    """Keep a free port for us among all runners of this machine, None when it is taken.

    The server that will listen binds later, so the port itself cannot be held. An abstract socket
    stands for it: the kernel lets one process have the name, and frees it when that process dies.
    """
    reservation = socket.socket(socket.AF_UNIX)
    try:
        reservation.bind(f"\0panorama-port-{port}")
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
    except OSError:
        reservation.close()
        return None
    return reservation


def application_status(run: RunFolder) -> dict[str, Any]:
    """What the living runner wrote last; empty when none lives."""
    status = run.read_json(STATUS)
    seen = proc.look(int(status.get("pid", 0))) if status else None
    return status if seen is not None and seen.started == status.get("started") else {}


def stop_application(run: RunFolder) -> bool:
    """Ask the runner to stop and wait for it. False when none was running."""
    status = application_status(run)
    seen = proc.look(int(status["pid"])) if status else None
    if seen is None:
        return False
    proc.send(seen, signal.SIGTERM)
    if not proc.wait_until(lambda: not seen.alive, 90.0):
        raise EmbeddedError(f"Process {seen.pid} did not stop.")
    return True


def say(text: str) -> None:
    """One line to the person in front."""
    print(text, flush=True)


def _is_healthy(port: int, path: str) -> bool:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        link.request("GET", path, headers={"Host": f"localhost:{port}"})
        return link.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        link.close()


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise _InterruptedError
