"""Signed statements, kept outside the database, of how far a chain had come: Ed25519 (RFC 8032)."""

import base64
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """At `at` the chain of `schema` ended with seal `seq` and its code. `previous` is the hash of
    the line before.
    """

    schema: str
    seq: int
    mac: bytes
    at: datetime
    previous: str


@dataclass(frozen=True, slots=True)
class CheckedLine:
    """One line of a checkpoint file: the statement, or what is wrong with it (`number` counts from
    1).
    """

    number: int
    checkpoint: Checkpoint | None
    fault: str = ""


def line_hash(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()


def signed_line(key: Ed25519PrivateKey, checkpoint: Checkpoint) -> str:
    """The statement as one line of JSON, signature included, without the line's end."""
    body = _body(checkpoint)
    signature = base64.b64encode(key.sign(_message(body))).decode()
    return json.dumps({**body, "signature": signature}, separators=(",", ":"))


def read_line(key: Ed25519PublicKey, line: str) -> Checkpoint:
    """Raises ValueError when the line is not one signed by this key."""
    try:
        values = json.loads(line)
        signature = base64.b64decode(values.pop("signature"), validate=True)
        key.verify(signature, _message(values))
        return Checkpoint(
            schema=values["schema"],
            seq=int(values["seq"]),
            mac=bytes.fromhex(values["mac"]),
            at=datetime.fromisoformat(values["at"]),
            previous=values["previous"],
        )
    except InvalidSignature:
        raise ValueError("the signature is not ours") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError("the line is not a checkpoint") from error


def check_lines(key: Ed25519PublicKey, schema: str, lines: Iterable[str]) -> list[CheckedLine]:
    """Every line judged: signed by us, for this schema, after the line before it, and never going
    back.
    """
    out: list[CheckedLine] = []
    previous, highest = "", 0
    for number, line in enumerate(lines, start=1):
        try:
            checkpoint = read_line(key, line)
            if checkpoint.schema != schema:
                raise ValueError("the line is another schema's")
            if checkpoint.previous != previous:
                raise ValueError("a line before it was removed, moved or changed")
            if checkpoint.seq < highest:
                raise ValueError("the chain was longer before")
            highest = checkpoint.seq
            out.append(CheckedLine(number, checkpoint))
        except ValueError as error:
            out.append(CheckedLine(number, None, str(error)))
        previous = line_hash(line)
    return out


def _body(checkpoint: Checkpoint) -> dict[str, str | int]:
    return {
        "schema": checkpoint.schema,
        "seq": checkpoint.seq,
        "mac": checkpoint.mac.hex(),
        "at": checkpoint.at.isoformat(timespec="microseconds"),
        "previous": checkpoint.previous,
    }


def _message(body: dict[str, str | int]) -> bytes:
    return (
        b"panorama-checkpoint-v1" + json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
    )
