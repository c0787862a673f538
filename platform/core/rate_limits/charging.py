"""One call of a client is charged to the client's bucket and to the bank's.

Without a limit of its own in the plan a client has half of the bank's as its share. Beyond its share it may use what
the others leave: the bank's bucket down to its half. So one client that floods gets the whole rate while it is alone,
and another that stays within its share is not refused because of it.
"""

import math
from collections.abc import Callable
from threading import Lock

from django.http import HttpRequest

from core.actors import Actor
from core.errors import RateLimited
from core.rate_limits.leases import Lease, Source, Verdict
from core.rate_limits.limits import Limit, Limits, limits_of
from core.rate_limits.store import default_store
from core.tenancy import current_context

_MOST = 20_000
_lock = Lock()
_leases: dict[tuple[str, str, int, bool], Lease] = {}
_sources: list[Source] = []


def charge(request: HttpRequest, actor: Actor) -> None:
    """Charge one call. Raises `RateLimited`. What the answer says of it is put on the request as `rate`."""
    context = current_context()
    limits = limits_of(context)
    client = _lease(context.schema, actor.id, limits.client)
    bank = _lease(context.schema, "", limits.bank)
    own, total = _charged(
        limits, client, bank, lambda: _lease(context.schema, "", limits.bank, surplus=True)
    )
    request.rate = (limits.policy, _state(limits, own, total))  # type: ignore[attr-defined]
    refused = next((v for v in (own, total) if not v.passed), None)
    if refused is not None:
        raise RateLimited("Too many calls: slow down.", retry_after=max(1, math.ceil(refused.wait)))


def _charged(
    limits: Limits, client: Lease, bank: Lease, surplus: Callable[[], Lease]
) -> tuple[Verdict, Verdict]:
    own = client.take()
    if own.passed:
        total = bank.take()
        if not total.passed:
            client.give_back()
        return own, total
    if limits.hard:
        return own, Verdict(True, limits.bank.capacity)
    total = surplus().take()
    return (Verdict(True, 0) if total.passed else own), total


def _state(limits: Limits, own: Verdict, total: Verdict) -> str:
    """`RateLimit`: what is left and in how many seconds the bucket is full."""
    parts = []
    for limit, verdict in ((limits.client, own), (limits.bank, total)):
        left = min(verdict.left, limit.capacity)
        full = math.ceil((limit.capacity - left) / limit.rate)
        parts.append(f'"{limit.name}";r={left};t={full}')
    return ", ".join(parts)


def _lease(schema: str, client: str, limit: Limit, *, surplus: bool = False) -> Lease:
    name = (schema, client, limit.per_minute, surplus)
    found = _leases.get(name)
    if found is None:
        reserve = limit.capacity // 2 if surplus else 0
        with _lock:
            if len(_leases) >= _MOST:
                _leases.clear()
            key = f"rate:{schema}:{limit.name}:{client}"
            found = _leases.setdefault(name, Lease(key, limit, _source(), reserve=reserve))
    return found


def _source() -> Source:
    if not _sources:
        _sources.append(default_store())
    return _sources[0]


def forget_leases() -> None:
    """Drop what this process holds, and its connection."""
    with _lock:
        _leases.clear()
        _sources.clear()
