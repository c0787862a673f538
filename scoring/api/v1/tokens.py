"""Bearer tokens on the hot path: looked up once in three seconds a process, so a revocation is in force within them."""

import hashlib
import threading
import time

from django.http import HttpRequest

from accounts.authentication import TokenFacts, check, facts_of_token
from core.actors import Actor
from core.client_address import client_address
from core.clock import now
from core.errors import NotAuthenticated
from core.tenancy import current_context

SECONDS = 3.0
_MOST = 10_000
_lock = threading.Lock()
_known: dict[tuple[str, bytes], tuple[float, TokenFacts]] = {}


def client_of(request: HttpRequest) -> Actor:
    """The calling client. Raises `NotAuthenticated`; only tokens that are known are kept.

    What is kept are facts; the rule is asked with each request, so that an expiry or another address counts at once.
    """
    kind, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    token = token.strip()
    if kind.lower() != "bearer" or not token:
        raise NotAuthenticated()
    request_id = getattr(request, "request_id", "")
    key = (current_context().schema, hashlib.sha256(token.encode()).digest())
    found = _known.get(key)
    if found is None or found[0] < time.monotonic():
        facts = facts_of_token(token)
        with _lock:
            if len(_known) >= _MOST:
                _known.clear()
            _known[key] = (time.monotonic() + SECONDS, facts)
    else:
        facts = found[1]
    return check(facts, address=client_address(request), moment=now(), request_id=request_id)


def forget_tokens() -> None:
    """Drop what this process knows."""
    with _lock:
        _known.clear()
