"""One command in the foreground, while something else is watched over."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

from embedded.errors import EmbeddedError
from embedded.supervisor import die_with_parent

_LOOK = 0.2
_GRACE_SECONDS = 15.0


def run_in_foreground(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    on_tick: Callable[[], None],
    folder: Path | None = None,
) -> int:
    """Run the command with `environment` added; returns its exit status (128 + n for signal n).

    `on_tick` is called a few times a second. Should it or a signal handler raise, the command is
    stopped first.
    """
    try:
        child = subprocess.Popen(
            list(command),
            env={**os.environ, **environment},
            cwd=folder,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )
    except OSError as error:
        raise EmbeddedError(f"{command[0]}: {error.strerror}") from error
    try:
        while True:
            try:
                status = child.wait(timeout=_LOOK)
            except subprocess.TimeoutExpired:
                on_tick()
            else:
                return status if status >= 0 else 128 - status
    except BaseException:
        _stop(child)
        raise


@contextlib.contextmanager
def signals_left_to_child() -> Iterator[None]:
    """A terminal's INT reaches the child by itself; TERM and HUP become an exception here."""

    def ignore(number: int, frame: FrameType | None) -> None:
        return

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    handlers: dict[signal.Signals, Callable[[int, FrameType | None], None]] = {
        signal.SIGINT: ignore,
        signal.SIGTERM: leave,
        signal.SIGHUP: leave,
    }
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(timeout=_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
