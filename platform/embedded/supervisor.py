"""Start named processes, keep them running, stop in order what was started, and nothing else."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from embedded.account import Account
from embedded.errors import EmbeddedError
from embedded.proc import Seen, look, send, wait_until

_PR_SET_PDEATHSIG = 1
_LOG_LIMIT = 20 * 1024 * 1024
_FIRST_PAUSE = 0.1
_STEADY_AFTER = 10.0
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Process:
    """One process to keep running.

    `env` is added to the supervisor's own environment. `before_start` runs before every start (and
    may clean up after a killed predecessor); `ready` says when the process serves.
    `on_orphaned` is what the kernel sends it should the supervisor die.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    account: Account | None = None
    before_start: Callable[[], None] | None = None
    ready: Callable[[], bool] | None = None
    ready_seconds: float = 60.0
    stop_steps: tuple[tuple[signal.Signals, float], ...] = (
        (signal.SIGTERM, 15.0),
        (signal.SIGKILL, 5.0),
    )
    on_orphaned: signal.Signals = signal.SIGTERM
    longest_pause: float = 5.0


@dataclass
class _Child:
    process: Process
    popen: subprocess.Popen[bytes] | None = None
    seen: Seen | None = None
    started_at: float = 0.0
    starts: int = 0
    pause: float = _FIRST_PAUSE
    next_start: float = 0.0
    last_exit: int | None = None
    asked_to_stop: bool = False


class ProcessSupervisor:
    """Keeps processes running. To be driven from the main thread only.

    The parent-death signal belongs to the *thread* that forked, and a pre-exec function is unsafe
    beside other threads: so there are none here, and `tick` is called in a loop.
    """

    def __init__(
        self, *, logs: Path, on_change: Callable[[dict[str, Any]], None] | None = None
    ) -> None:
        self._logs = logs
        self._on_change = on_change
        self._children: list[_Child] = []

    def start(self, process: Process) -> None:
        """Start one process and wait until it is ready; EmbeddedError when it never is."""
        child = _Child(process)
        self._children.append(child)
        self._spawn(child)
        if process.ready is None:
            return
        deadline = time.monotonic() + process.ready_seconds
        while not process.ready():
            if child.popen is not None and _has_ended(child.popen):
                self._fail(child, f"stopped at once with exit status {_bury(child.popen)}")
            if time.monotonic() > deadline:
                self._fail(child, f"was not ready within {process.ready_seconds:.0f} s")
            time.sleep(0.02)

    def tick(self) -> None:
        """Look after every child once: notice the dead, start them again after their pause."""
        now = time.monotonic()
        for child in self._children:
            if child.popen is not None and _has_ended(child.popen):
                self._note_exit(child, now)
            if child.popen is None and now >= child.next_start:
                self._spawn(child)

    def stop(self) -> None:
        """Stop the children, last started first, each by its own steps."""
        for child in reversed(self._children):
            if child.popen is None or child.seen is None:
                continue
            for number, seconds in child.process.stop_steps:
                if _has_ended(child.popen):
                    break
                if not child.asked_to_stop:
                    send(child.seen, number)
                child.asked_to_stop = False
                wait_until(partial(_has_ended, child.popen), seconds)
            child.last_exit = _bury(child.popen)
            child.popen = None
        self._children.clear()
        self._report()

    def stop_together(self) -> None:
        """Ask every child to stop at once, then go through `stop`: quicker for many workers."""
        for child in self._children:
            if child.popen is not None and child.seen is not None and not _has_ended(child.popen):
                send(child.seen, child.process.stop_steps[0][0])
                child.asked_to_stop = True
        self.stop()

    def snapshot(self) -> dict[str, Any]:
        """State of every child, as plain data."""
        return {
            child.process.name: {
                "pid": child.popen.pid if child.popen else None,
                "starts": child.starts,
                "last_exit": child.last_exit,
                "log": str(self._log_path(child.process)),
            }
            for child in self._children
        }

    def _spawn(self, child: _Child) -> None:
        process = child.process
        if process.before_start is not None:
            process.before_start()
        with _open_log(self._log_path(process)) as log:
            child.popen = subprocess.Popen(
                list(process.argv),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=process.folder,
                env={**os.environ, **process.env},
                start_new_session=True,
                preexec_fn=die_with_parent(process.on_orphaned),
                **(process.account.popen_options() if process.account else {}),
            )
        child.seen = look(child.popen.pid)
        child.started_at = time.monotonic()
        child.starts += 1
        self._report()

    def _note_exit(self, child: _Child, now: float) -> None:
        assert child.popen is not None
        child.last_exit = _bury(child.popen)
        child.popen = None
        if now - child.started_at > _STEADY_AFTER:
            child.pause = _FIRST_PAUSE
        child.next_start = now + child.pause
        child.pause = min(child.pause * 2, child.process.longest_pause)
        print(
            f"{child.process.name} ended with {child.last_exit}; starting it again",
            file=sys.stderr,
            flush=True,
        )
        self._report()

    def _fail(self, child: _Child, what: str) -> None:
        path = self._log_path(child.process)
        lines = path.read_text(errors="replace").splitlines()[-15:]
        raise EmbeddedError("\n".join([f"{child.process.name} {what}. From {path}:", *lines]))

    def _log_path(self, process: Process) -> Path:
        return self._logs / f"{process.name}.log"

    def _report(self) -> None:
        if self._on_change is not None:
            self._on_change(self.snapshot())


def die_with_parent(number: signal.Signals) -> Callable[[], None]:
    """A pre-exec function by which the kernel sends `number` to the child when this process dies.

    It runs after the change of user, which would clear the setting.
    """
    parent = os.getpid()

    def ask_kernel() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return ask_kernel


def _open_log(path: Path) -> Any:
    if path.exists() and path.stat().st_size > _LOG_LIMIT:
        path.replace(path.with_suffix(".log.1"))
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    return os.fdopen(descriptor, "ab", buffering=0)


def _has_ended(popen: subprocess.Popen[bytes]) -> bool:
    """Whether it ended; it is left a zombie, so that its id cannot pass to another process yet."""
    if popen.returncode is not None:
        return True
    options = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return os.waitid(os.P_PID, popen.pid, options) is not None


def _bury(popen: subprocess.Popen[bytes]) -> int:
    """Kill what is left of its session, then let it go. Returns its exit status."""
    if popen.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(popen.pid, signal.SIGKILL)
    return popen.wait()
