"""How many requests of one bank a web process serves at once: the others always find a thread.

A process has more threads than it can usefully run at a time. Without a limit one bank's many calls take them all,
and every other bank waits behind them. A bank at its limit waits its turn for a moment, since a burst is no flood;
only when enough of its calls wait already, or the moment has passed, is the next refused, which costs microseconds.
"""

from threading import Condition, Lock

from django.conf import settings

from core.tenancy import BankContext


class _Door:
    """One bank's calls in this process, at its API or at its pages."""

    __slots__ = ("in_hand", "moved", "waiting")

    def __init__(self, lock: Lock) -> None:
        self.in_hand = 0
        self.waiting = 0
        self.moved = Condition(lock)


class Admission:
    """Requests in hand and waiting, by bank and door, in this process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._doors: dict[str, _Door] = {}

    def enter(self, key: str, most: int, *, waiting: int = 0, seconds: float = 0.0) -> bool:
        """Take a place, waiting up to `seconds` for one unless `waiting` others do already. False: refused.

        Whoever got a place calls `leave`.
        """
        with self._lock:
            door = self._doors.setdefault(key, _Door(self._lock))
            if door.in_hand >= most and not self._wait(door, most, waiting, seconds):
                return False
            door.in_hand += 1
            return True

    @staticmethod
    def _wait(door: _Door, most: int, waiting: int, seconds: float) -> bool:
        if door.waiting >= waiting:
            return False
        door.waiting += 1
        try:
            return door.moved.wait_for(lambda: door.in_hand < most, timeout=seconds)
        finally:
            door.waiting -= 1

    def leave(self, key: str) -> None:
        with self._lock:
            door = self._doors[key]
            door.in_hand -= 1
            if door.waiting:
                door.moved.notify()
            elif not door.in_hand:
                # Banks that are quiet take no memory.
                del self._doors[key]

    def busy(self) -> dict[str, tuple[int, int]]:
        """In hand and waiting, of every door that has any."""
        with self._lock:
            return {key: (door.in_hand, door.waiting) for key, door in self._doors.items()}


admission = Admission()


def admission_key(bank: BankContext, path: str) -> str:
    """A bank's systems and its people are counted apart: a flood of calls must not lock the staff out."""
    return f"{bank.schema}:{'api' if path.startswith('/api/') else 'pages'}"


def admit(key: str, bank: BankContext) -> bool:
    """Take a place for a request of the bank: the plan's number at once (`at_once.requests`), else the setting."""
    return admission.enter(
        key,
        bank.limits.get("at_once.requests", settings.BANK_REQUESTS_AT_ONCE),
        waiting=settings.BANK_REQUESTS_WAITING,
        seconds=settings.BANK_WAIT_SECONDS,
    )
