"""A process's share of a bucket: tokens leased from Redis, or a bucket of its own while Redis is away."""

import time
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

from core.rate_limits.limits import Limit
from core.rate_limits.store import Lot

# A lot is what the limit grants in so many seconds: Redis is asked at most about twenty times a second a bucket.
LOT_SECONDS = 0.05
# A lot not used by then is given up: it may cost the caller a twentieth of a second's calls, and never grants more.
LEASE_SECONDS = 1.0
# How long one thread waits for another's answer from Redis.
PATIENCE_SECONDS = 0.01


class Source(Protocol):
    """Where lots come from; None when it cannot be asked."""

    def take(self, key: str, limit: Limit, *, wanted: int, reserve: int) -> Lot | None: ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a call may pass; `left` tokens as far as known; `wait` seconds until the next when it may not."""

    passed: bool
    left: int
    wait: float = 0.0


class OwnBucket:
    """A token bucket in this process, by its monotonic clock."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._tokens = float(limit.capacity)
        self._at = time.monotonic()

    def take(self) -> Verdict:
        now = time.monotonic()
        grown = self._tokens + (now - self._at) * self._limit.rate
        self._tokens, self._at = min(float(self._limit.capacity), grown), now
        if self._tokens < 1:
            return Verdict(False, 0, (1 - self._tokens) / self._limit.rate)
        self._tokens -= 1
        return Verdict(True, int(self._tokens))


class Lease:
    """Tokens of one bucket held by this process; safe among threads."""

    def __init__(self, key: str, limit: Limit, source: Source, *, reserve: int = 0) -> None:
        self.limit = limit
        self._key, self._source, self._reserve = key, source, reserve
        self._lock, self._asking = Lock(), Lock()
        self._tokens, self._left = 0, limit.capacity
        self._until = self._refused_until = 0.0
        self._own: OwnBucket | None = None

    def take(self) -> Verdict:
        """One token. Asks Redis once a lot, and not at all while it is known that there is none."""
        found = self._take_held()
        if found is not None:
            return found
        if not self._asking.acquire(timeout=PATIENCE_SECONDS):
            return self._take_own()
        try:
            # Another thread may have brought a lot while this one waited.
            found = self._take_held()
            return found if found is not None else self._ask()
        finally:
            self._asking.release()

    def give_back(self) -> None:
        """The call was refused elsewhere: its token is used by the next."""
        with self._lock:
            self._tokens += 1

    def _take_held(self) -> Verdict | None:
        now = time.monotonic()
        with self._lock:
            if self._tokens > 0 and now < self._until:
                self._tokens -= 1
                return Verdict(True, self._left + self._tokens)
            if now < self._refused_until:
                return Verdict(False, self._left, self._refused_until - now)
        return None

    def _ask(self) -> Verdict:
        wanted = max(1, int(self.limit.rate * LOT_SECONDS))
        lot = self._source.take(self._key, self.limit, wanted=wanted, reserve=self._reserve)
        if lot is None:
            return self._take_own()
        now = time.monotonic()
        with self._lock:
            self._own, self._left = None, lot.left
            if lot.granted == 0:
                self._tokens, self._refused_until = 0, now + lot.wait
                return Verdict(False, lot.left, lot.wait)
            self._tokens, self._until = lot.granted - 1, now + LEASE_SECONDS
            return Verdict(True, lot.left + self._tokens)

    def _take_own(self) -> Verdict:
        """Redis is away: the whole limit in each process, so that nobody is refused for its sake."""
        with self._lock:
            if self._own is None:
                self._own = OwnBucket(self.limit)
            return self._own.take()
