"""The buckets in Redis: one script takes a lot of tokens. Never waits longer than a few milliseconds."""

import time
from dataclasses import dataclass
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from core.rate_limits.limits import Limit

TIMEOUT_SECONDS = 0.005
# After a failure Redis is left alone for so long: one caller a second waits, nobody else.
REST_SECONDS = 1.0

# Redis' own clock, so that no web server's clock matters. Its going back refills nothing, its going forward at most
# fills the bucket. Numbers are written out: Lua's own way keeps 14 digits of a time of 16.
_TAKE = """
local rate, capacity, wanted, reserve = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(kept[1]) or capacity, tonumber(kept[2]) or now
if now > at then tokens = tokens + (now - at) * rate / 1000000 end
if tokens > capacity then tokens = capacity end
local free = tokens - reserve
local granted = math.max(0, math.min(wanted, math.floor(free)))
tokens = tokens - granted
redis.call('HSET', KEYS[1], 'tokens', string.format('%.6f', tokens), 'at', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(capacity / rate * 1000) + 1000)
local wait = 0
if granted == 0 then wait = math.ceil((1 - free) / rate * 1000) end
return {granted, math.floor(tokens), wait}
"""


@dataclass(frozen=True, slots=True)
class Lot:
    """Tokens granted, tokens left in the bucket, and seconds until one is there when none was granted."""

    granted: int
    left: int
    wait: float


class Store:
    """Takes lots; None while Redis cannot be asked."""

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
            retry_on_error=[],
        )
        self._script = self._client.register_script(_TAKE)
        self._rest_until = 0.0

    def take(self, key: str, limit: Limit, *, wanted: int, reserve: int) -> Lot | None:
        if time.monotonic() < self._rest_until:
            return None
        # Whoever comes while this one asks a Redis that may hang must not ask too.
        self._rest_until = time.monotonic() + 2 * TIMEOUT_SECONDS
        try:
            found: Any = self._script(
                keys=[key], args=[repr(limit.rate), limit.capacity, wanted, reserve]
            )
        except (redis.RedisError, OSError):
            self._rest_until = time.monotonic() + REST_SECONDS
            return None
        self._rest_until = 0.0
        granted, left, wait = found
        return Lot(int(granted), int(left), int(wait) / 1000)


def default_store() -> Store:
    """The cache's Redis."""
    return Store(str(settings.CACHES["default"]["LOCATION"]))
