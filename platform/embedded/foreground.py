"""One command in the foreground, while the servers are watched over."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from embedded.errors import EmbeddedError
from embedded.server_lease import ServerLease
from embedded.supervisor import die_with_parent

_LOOK = 0.5


def run_in_foreground(command: Sequence[str], *, lease: ServerLease) -> int:
    """Run the command with the lease's environment; returns its exit status (128 + n for signal n).

    A daemon that was killed meanwhile is started again.
    """
    try:
        child = subprocess.Popen(
            list(command),
            env={**os.environ, **lease.environment()},
            preexec_fn=die_with_parent(signal.SIGTERM),
        )
    except OSError as error:
        raise EmbeddedError(f"{command[0]}: {error.strerror}") from error
    with _passing_signals_to(child):
        while True:
            try:
                status = child.wait(timeout=_LOOK)
            except subprocess.TimeoutExpired:
                lease.ensure()
            else:
                return status if status >= 0 else 128 - status


@contextmanager
def _passing_signals_to(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """TERM and HUP go on to the child. INT reaches it from the terminal: here it is only survived."""

    def pass_on(number: int, frame: FrameType | None) -> None:
        child.send_signal(number)

    def survive(number: int, frame: FrameType | None) -> None:
        return

    handlers: dict[signal.Signals, Callable[[int, FrameType | None], None]] = {
        signal.SIGTERM: pass_on,
        signal.SIGHUP: pass_on,
        signal.SIGINT: survive,
    }
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
