"""What /proc says about processes, and stopping those that are provably ours."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path


@dataclass(frozen=True)
class Seen:
    """One process as it stood when looked at. `started` is in clock ticks since boot."""

    pid: int
    parent: int
    started: int
    name: str
    arguments: tuple[str, ...]

    @property
    def alive(self) -> bool:
        """Still the same process, and not a zombie."""
        now = look(self.pid)
        return now is not None and now.started == self.started


def look(pid: int) -> Seen | None:
    """The process with this id, or None when there is none or it is a zombie."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return None
    head, _, tail = status.rpartition(")")
    fields = tail.split()
    if fields[0] in "ZX":
        return None
    words = arguments.rstrip(b"\0").split(b"\0") if arguments else []
    return Seen(
        pid=pid,
        parent=int(fields[1]),
        started=int(fields[19]),
        name=head.partition("(")[2],
        arguments=tuple(os.fsdecode(word) for word in words),
    )


def every_process() -> Iterator[Seen]:
    """All processes that can be looked at."""
    for entry in os.scandir("/proc"):
        if entry.name.isdigit() and (seen := look(int(entry.name))) is not None:
            yield seen


def working_folder(pid: int) -> Path | None:
    """Current working folder of a process, None when it is gone or not ours to see."""
    try:
        return Path(os.readlink(f"/proc/{pid}/cwd"))
    except OSError:
        return None


def has_variable(pid: int, entry: str) -> bool:
    """Whether the process was started with the environment entry `NAME=value`."""
    try:
        return os.fsencode(entry) in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False


def ancestors(pid: int) -> set[int]:
    """The process and all above it."""
    found: set[int] = set()
    while pid > 0 and pid not in found:
        found.add(pid)
        seen = look(pid)
        pid = seen.parent if seen else 0
    return found


def stop_all(victims: Iterable[Seen], steps: Iterable[tuple[signal.Signals, float]]) -> None:
    """Send each signal in turn and wait up to its seconds, until every victim is gone."""
    left = [seen for seen in victims if seen.alive]
    for number, seconds in steps:
        for seen in left:
            send(seen, number)
        wait_until(partial(_all_gone, left), seconds)
        left = [seen for seen in left if seen.alive]
        if not left:
            return


def _all_gone(victims: list[Seen]) -> bool:
    return not any(seen.alive for seen in victims)


def send(seen: Seen, number: signal.Signals) -> None:
    """Signal the process if it is still the same one."""
    if seen.alive:
        with contextlib.suppress(ProcessLookupError):
            os.kill(seen.pid, number)


def wait_until(condition: Callable[[], bool], seconds: float, *, pause: float = 0.02) -> bool:
    """Poll until the condition holds; False when the time is over."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(pause)
    return True
