"""A call as idempotency sees it: who, under which key, asking exactly what."""

import hashlib
import re
from dataclasses import dataclass

from core.actors import Actor
from core.errors import InvalidInput

HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotency-Replayed"
KEY_LENGTH = 128
_KEY = re.compile(r"[\x21-\x7e]{1,128}\Z")


@dataclass(frozen=True, slots=True)
class Call:
    """`client` is `kind:id` of the actor; `digest` 32 bytes over everything that was asked."""

    client: str
    key: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: status, the headers that matter to the caller, and the body byte for byte."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    replayed: bool = False


def checked_key(text: str) -> str:
    """The key. Raises `InvalidInput` unless it is 1 to 128 visible ASCII characters."""
    if not _KEY.match(text):
        raise InvalidInput(
            f"The header {HEADER} takes 1 to {KEY_LENGTH} visible ASCII characters.",
            code="idempotency_key_invalid",
        )
    return text


def client_key(actor: Actor) -> str:
    """`kind:id`, so that a client and a person never look alike."""
    return f"{actor.kind}:{actor.id}"[:140]


def digest_of(*parts: str | bytes) -> bytes:
    """SHA-256 over parts, each with its length before it: no two lists of parts read the same."""
    found = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        found.update(len(data).to_bytes(8, "big"))
        found.update(data)
    return found.digest()


def new_call(*, actor: Actor, key: str, method: str, target: str, body: bytes) -> Call:
    """A call of `actor`; `target` is path and query. Raises `InvalidInput` on a bad key."""
    return Call(client_key(actor), checked_key(key), digest_of(method, target, body))
