"""One call of a client: what is asked, once for one key."""

import hashlib
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

from core.actors import Actor
from core.errors import InvalidInput, field_error
from scoring.contracts import DecisionIn
from scoring.services.people import key_of

MAX_APPLICATIONS = 1_000
_KEY = re.compile(r"^[\x21-\x7e]{1,128}$")


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a client: the applications, the key that makes it happen once, and the hash of its body."""

    applications: tuple[DecisionIn, ...]
    client: Actor
    key: str
    body_hash: str
    # JSON pointer before each application: empty for a call of one.
    prefixes: tuple[str, ...]
    started_ns: int


def new_call(
    *, applications: Sequence[DecisionIn], client: Actor, key: str, body: bytes, many: bool
) -> Call:
    """A call as it came in. Raises `InvalidInput` on a bad key or a wrong number of applications."""
    started = time.perf_counter_ns()
    if not _KEY.match(key):
        detail = (
            "A key of 1 to 128 visible ASCII characters is required in the header Idempotency-Key."
        )
        raise InvalidInput(detail, code="idempotency_key_required")
    if not 1 <= len(applications) <= MAX_APPLICATIONS:
        raise field_error("/applications", "out_of_range", f"1 to {MAX_APPLICATIONS} applications.")
    digest = hashlib.sha256(b"many\n" if many else b"one\n")
    digest.update(body)
    prefixes = tuple(f"/applications/{n}" if many else "" for n in range(len(applications)))
    return Call(tuple(applications), client, key, digest.hexdigest(), prefixes, started)


def lock_of(schema: str, call: Call) -> int:
    """The advisory lock that one call holds while it runs: a number for bank, client and key."""
    name = f"{schema}\n{key_of(call.client)}\n{call.key}".encode()
    return int.from_bytes(hashlib.sha256(name).digest()[:8], "big", signed=True)
