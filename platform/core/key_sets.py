"""Public keys of others, fetched by the guarded client and kept for some minutes in this process."""

import json
import threading
import time
from typing import Any

from core.jose import UnknownKey, check_key_set, verified_claims
from core.outgoing import Limits, OutgoingFailed, call
from core.tenancy import current_context

KEPT_SECONDS = 300.0
# A token with an unknown key asks for the set again, but not more often than this.
AGAIN_SECONDS = 10.0
_MOST = 2_000
_LIMITS = Limits(seconds=5.0, body_bytes=256 * 1024)
_lock = threading.Lock()
_kept: dict[tuple[str, str], tuple[float, list[dict[str, Any]]]] = {}


def claims_by_uri(token: str, uri: str) -> dict[str, Any]:
    """As `verified_claims`, with the keys at `uri`; a key that is not known yet is looked for once more.

    Raises `TokenRefused`, `OutgoingRefused`, `OutgoingFailed`.
    """
    fetched, keys = _keys(uri, younger_than=KEPT_SECONDS)
    try:
        return verified_claims(token, keys)
    except UnknownKey:
        if time.monotonic() - fetched < AGAIN_SECONDS:
            raise
        return verified_claims(token, _keys(uri, younger_than=AGAIN_SECONDS)[1])


def forget_keys() -> None:
    """Drop what this process knows."""
    with _lock:
        _kept.clear()


def _keys(uri: str, *, younger_than: float) -> tuple[float, list[dict[str, Any]]]:
    place = (current_context().schema, uri)
    found = _kept.get(place)
    if found is not None and time.monotonic() - found[0] < younger_than:
        return found
    fresh = (time.monotonic(), fetch_key_set(uri))
    with _lock:
        if len(_kept) >= _MOST:
            _kept.clear()
        _kept[place] = fresh
    return fresh


def fetch_key_set(uri: str) -> list[dict[str, Any]]:
    """The usable keys at `uri`. Raises `OutgoingRefused`, `OutgoingFailed`."""
    answer = call("GET", uri, headers={"Accept": "application/json"}, limits=_LIMITS)
    if answer.status != 200:
        raise OutgoingFailed(f"The key set answered {answer.status}.")
    try:
        return check_key_set(json.loads(answer.body))
    except (ValueError, RecursionError) as error:
        raise OutgoingFailed("The key set cannot be read.") from error
