"""How many requests of one bank a web process serves at once: the others always find a thread.

A process has a few threads. Without a limit one bank's slow or many calls take them all, and every other bank waits
behind them. Refusing costs microseconds, so even a flood of refused calls leaves the process free.
"""

from threading import Lock

from django.conf import settings

from core.tenancy import BankContext


class Admission:
    """Requests in hand by bank and door (API or pages), in this process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._in_hand: dict[str, int] = {}

    def enter(self, key: str, most: int) -> bool:
        """Take a place, or say that `most` are taken. Whoever got one calls `leave`."""
        with self._lock:
            now = self._in_hand.get(key, 0)
            if now >= most:
                return False
            self._in_hand[key] = now + 1
            return True

    def leave(self, key: str) -> None:
        with self._lock:
            now = self._in_hand.get(key, 1) - 1
            if now:
                self._in_hand[key] = now
            else:
                # Banks that are quiet take no memory.
                self._in_hand.pop(key, None)


admission = Admission()


def admission_key(bank: BankContext, path: str) -> str:
    """A bank's systems and its people are counted apart: a flood of calls must not lock the staff out."""
    return f"{bank.schema}:{'api' if path.startswith('/api/') else 'pages'}"


def most_at_once(bank: BankContext) -> int:
    """The plan's number (`at_once.requests`), else the setting."""
    return bank.limits.get("at_once.requests", settings.BANK_REQUESTS_AT_ONCE)
