"""A whole Panorama in a run folder of its own: real servers, web, workers and keeper, for browser and fault tests.

    def test_it(stack: Stack) -> None:
        bank = stack.bank("river")                      # onboarded, with one person a role and an API client
        bank.api().call("GET", "/api/v1/datasets")      # through the real web process
        stack.kill("worker-training")                   # kill -9; the supervisor starts it again

The fixture `stack` (one a folder, in `tests/stack_fixtures.py`) is shared; `Stack.start(folder)` makes one apart.
Known names for `kill` and `pid`: web, worker-training, worker-batch, worker-realtime, worker-ops, keeper, postgres,
redis.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from accounts.engine.one_time_code import DRIFT_STEPS, code_of_step, step_at
from config.story.http import Api
from embedded import proc
from embedded.application import PORT_VARIABLE, application_status
from embedded.endpoints import POSTGRES_VARIABLES, REDIS_VARIABLES
from embedded.run_folder import RUN_DIR_VARIABLE, RunFolder
from embedded.server_lease import daemon_status

ROOT = Path(__file__).resolve().parents[1]
PROCFILE = ROOT / "platform" / "config" / "processes.py"
# Compiling the kernels for a fresh run folder takes minutes on a busy machine.
START_SECONDS = 300.0
T = TypeVar("T")


@dataclass(frozen=True)
class StackBank:
    """A bank of a running stack: where it is, who works there, and how its systems log in."""

    slug: str
    name: str
    port: int
    client_id: str
    client_secret: str
    # E-mail by short name: admin, analyst, validator, officer, compliance.
    emails: dict[str, str]
    password: str
    # What each person's authenticator app holds, by e-mail, and the last step it has shown.
    app_secrets: dict[str, str] = field(default_factory=dict)
    shown_steps: dict[str, int] = field(default_factory=dict)

    @property
    def host(self) -> str:
        return f"{self.slug}.localhost"

    @property
    def url(self) -> str:
        """Base address for a browser; chromium resolves every name below localhost."""
        return f"http://{self.host}:{self.port}"

    def code(self, email: str) -> str:
        """What the person's app shows: a code that was not used yet, waiting for one where the last is too new."""
        step = max(step_at(time.time()), self.shown_steps.get(email, 0) + 1)
        while step > step_at(time.time()) + DRIFT_STEPS:
            time.sleep(0.5)
        self.shown_steps[email] = step
        return code_of_step(bytes.fromhex(self.app_secrets[email]), step)

    def api(self) -> Api:
        """A client with all scopes; one connection, so one for each thread."""
        return Api(self.port, self.host, self.client_id, self.client_secret)


@dataclass
class Stack:
    """One running Panorama. `stop` ends everything it started."""

    run: RunFolder
    port: int
    runner: subprocess.Popen[bytes]
    _banks: dict[str, StackBank] = field(default_factory=dict)

    @classmethod
    def start(
        cls, folder: Path, *, extra: dict[str, str] | None = None, seconds: float = START_SECONDS
    ) -> "Stack":
        """Bring everything up in `folder` and wait for health. Raises RuntimeError with the log when it does not."""
        port = free_port()
        environment = clean_environment(folder) | {PORT_VARIABLE: str(port)} | (extra or {})
        folder.mkdir(parents=True, exist_ok=True)
        log = folder / "up.log"
        with log.open("ab") as handle:
            runner = subprocess.Popen(
                [sys.executable, "-m", "embedded", "up", "--procfile", str(PROCFILE)],
                cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=handle, stderr=handle,
                start_new_session=True,
            )  # fmt: skip
        stack = cls(RunFolder(folder), port, runner)
        deadline = time.monotonic() + seconds
        while b"Up on http://" not in log.read_bytes():
            if runner.poll() is not None or time.monotonic() > deadline:
                stack.stop()
                raise RuntimeError(f"The stack did not come up:\n{log.read_text(errors='replace')}")
            time.sleep(0.1)
        return stack

    def stop(self) -> None:
        """Ask the runner to end, which ends its processes and servers."""
        if self.runner.poll() is None:
            self.runner.send_signal(signal.SIGTERM)
            try:
                self.runner.wait(timeout=90)
            except subprocess.TimeoutExpired:
                self.runner.kill()
                self.runner.wait()

    def environment(self, *, login: str = "web") -> dict[str, str]:
        """What a process needs to work on this stack's database, broker and cache; login web or admin."""
        servers: dict[str, str] = daemon_status(self.run).get("environment", {})
        return {
            **clean_environment(self.run.root),
            **servers,
            "PANORAMA_MASTER_KEY_FILE": str(self.run.key_file("master.key")),
            "PANORAMA_SECRET_KEY_FILE": str(self.run.secret_file("panorama_secret_key")),
            "PANORAMA_LOGIN": login,
            "DJANGO_SETTINGS_MODULE": "config.settings.local",
            PORT_VARIABLE: str(self.port),
        }

    def python(self, *arguments: str, login: str = "web") -> str:
        """Run Python on the stack, for example `-m`, `tests.something`; its standard output."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT, env=self.environment(login=login), capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(
                f"{arguments} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
            )
        return done.stdout

    def manage(self, *arguments: str, login: str = "web") -> str:
        """Run a management command; its standard output."""
        return self.python("manage.py", *arguments, login=login)

    def bank(self, slug: str, *, jurisdiction: str = "CN", currency: str = "CNY") -> StackBank:
        """A bank with people and a client, onboarded at the first call."""
        if slug not in self._banks:
            said = self.python(
                "-m", "tests.stack_bank", slug, jurisdiction, currency, login="admin"
            )
            self._banks[slug] = StackBank(port=self.port, **json.loads(said.splitlines()[-1]))
        return self._banks[slug]

    def pid(self, name: str) -> int | None:
        """Process id of a supervised process or server now; None while it is down."""
        for status in (application_status(self.run), daemon_status(self.run)):
            child = status.get("processes", {}).get(name)
            if child is not None:
                return child["pid"]  # type: ignore[no-any-return]
        raise LookupError(f"The stack runs no process {name!r}.")

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Send a signal to a process by its name; returns the id it had."""
        pid = self.pid(name)
        if pid is None:
            raise LookupError(f"{name} is down.")
        seen = proc.look(pid)
        if seen is None:
            raise LookupError(f"{name} is gone already.")
        proc.send(seen, number)
        return pid

    def wait_for_new(self, name: str, old_pid: int, *, seconds: float = 30.0) -> int:
        """Wait until a killed process was started again; its new id."""

        def new() -> int | None:
            pid = self.pid(name)
            return pid if pid is not None and pid != old_pid else None

        return wait_for(new, seconds=seconds, what=f"{name} to be started again")

    def log(self, name: str) -> str:
        """What a process has written."""
        return (self.run.logs / f"{name}.log").read_text(errors="replace")


def wait_for(look: Callable[[], T | None], *, seconds: float, what: str) -> T:
    """The first answer that is not None or False. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found is not None and found is not False:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"Waited {seconds:.0f} s for {what}.")
        time.sleep(0.1)


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def clean_environment(folder: Path) -> dict[str, str]:
    """This process' environment without any server, key or login of the suite's own run folder."""
    own = (*POSTGRES_VARIABLES, *REDIS_VARIABLES, "DJANGO_SETTINGS_MODULE")
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in own and not name.startswith("PANORAMA_")
    }
    paths = [str(ROOT), str(ROOT / "platform")]
    return {**kept, RUN_DIR_VARIABLE: str(folder), "PYTHONPATH": os.pathsep.join(paths)}
