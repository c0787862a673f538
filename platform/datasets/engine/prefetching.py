"""Reading ahead: one thread prepares the next item while the caller works on this one."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from typing import TypeVar

Item = TypeVar("Item")

WAIT_SECONDS = 0.1


class _End:
    """Marks the end of the items, with the error that ended them, if any."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def prefetched(items: Iterator[Item], *, depth: int = 1) -> Generator[Item, None, None]:
    """The same items in the same order, produced in a thread at most `depth` items ahead.

    An error of the producer is raised here in its place. Closing this generator stops the thread
    before its next item and waits for it, so that nobody reads the source afterwards.
    """
    ready: queue.Queue[Item | _End] = queue.Queue(maxsize=depth)
    stopped = threading.Event()

    def put(item: Item | _End) -> None:
        while not stopped.is_set():
            try:
                ready.put(item, timeout=WAIT_SECONDS)
            except queue.Full:
                continue
            return

    def produce() -> None:
        try:
            for item in items:
                put(item)
                if stopped.is_set():
                    return
        except BaseException as error:  # handed over and raised by the reader
            put(_End(error))
        else:
            put(_End(None))

    thread = threading.Thread(target=produce, name="intake-prefetch", daemon=True)
    thread.start()
    try:
        while True:
            item = ready.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item
    finally:
        stopped.set()
        thread.join()
