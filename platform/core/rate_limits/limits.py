"""A limit as a token bucket, and which limits a caller is under."""

import math
from dataclasses import dataclass

from django.conf import settings

from core.tenancy import BankContext, Context

WINDOW_SECONDS = 60.0
# A sixth of a minute's calls may come at once; in any minute at most 7/6 of the limit can pass.
BURST = 6


@dataclass(frozen=True, slots=True)
class Limit:
    """`per_minute` calls in the long run, `capacity` of them at once."""

    name: str
    per_minute: int

    @property
    def capacity(self) -> int:
        return max(1, self.per_minute // BURST)

    @property
    def rate(self) -> float:
        """Tokens a second."""
        return self.per_minute / WINDOW_SECONDS

    @property
    def window(self) -> int:
        """Seconds in which an empty bucket is full again."""
        return max(1, math.ceil(self.capacity / self.rate))

    @property
    def policy(self) -> str:
        """One member of `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers)."""
        return f'"{self.name}";q={self.capacity};w={self.window}'


@dataclass(frozen=True, slots=True)
class Limits:
    """`client` is the caller's own; `hard` when the plan names it, else a share it may exceed while others rest."""

    client: Limit
    bank: Limit
    hard: bool
    policy: str


_made: dict[tuple[int, int], Limits] = {}


def limits_of(context: Context) -> Limits:
    """From the bank's plan: `rate.api` and, where it is named, `rate.client`, both a minute."""
    if isinstance(context, BankContext):
        total = int(context.limits.get("rate.api", settings.RATE_LIMIT_PER_MINUTE))
        own = int(context.limits.get("rate.client", 0))
    else:
        total, own = settings.OPS_RATE_LIMIT_PER_MINUTE, 0
    found = _made.get((total, own))
    if found is None:
        if len(_made) > 1_000:
            _made.clear()
        found = _made[total, own] = _limits(max(1, total), own)
    return found


def _limits(total: int, own: int) -> Limits:
    client = Limit("client", own if own > 0 else max(1, math.ceil(total / 2)))
    bank = Limit("bank", total)
    return Limits(client, bank, own > 0, f"{client.policy}, {bank.policy}")
