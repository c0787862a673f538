"""Signing how far each chain has come, into files outside PostgreSQL."""

import base64
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import IO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.db import connection

from audit.engine.checkpoint import (
    CheckedLine,
    Checkpoint,
    check_lines,
    line_hash,
    read_line,
    signed_line,
)
from core.clock import now
from core.tenancy import current_context, realm_of

KEY_NAME = "checkpoint.key"
_TAIL_BYTES = 4096


def write_checkpoint() -> Checkpoint | None:
    """Sign the end of the chain of the scope in force; None when there is nothing new to sign."""
    schema = current_context().schema
    with _locked(checkpoint_path(schema)) as file:
        end = _end_of_chain()
        last = _last_line(file)
        if end is None or _attests(last, *end):
            return None
        seq, mac = end
        previous = line_hash(last) if last else ""
        checkpoint = Checkpoint(
            schema=realm_of(schema), seq=seq, mac=mac, at=now(), previous=previous
        )
        file.write((signed_line(signing_key(), checkpoint) + "\n").encode())
        file.flush()
        os.fsync(file.fileno())
    return checkpoint


def _end_of_chain() -> tuple[int, bytes] | None:
    """Asked under the file's lock: with two writers, the later line is never the older one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq, mac FROM audit_auditseal ORDER BY seq DESC LIMIT 1")
        found = cursor.fetchone()
    return None if found is None else (found[0], bytes(found[1]))


def _attests(line: str, seq: int, mac: bytes) -> bool:
    return f'"seq":{seq},"mac":"{mac.hex()}"' in line


def read_checkpoints(schema: str) -> list[CheckedLine]:
    """All lines of a schema's file, judged; a last line that a crash cut short does not count."""
    path = checkpoint_path(schema)
    if not path.exists():
        return []
    complete, _, _ = path.read_text(errors="replace").rpartition("\n")
    return check_lines(public_key(), realm_of(schema), complete.split("\n") if complete else [])


def archive_checkpoints(schema: str) -> Path | None:
    """Off-boarding: put a bank's file aside, so that a new bank of this name starts its own; returns where."""
    path = checkpoint_path(schema)
    if not path.exists():
        return None
    target = path.with_name(f"{schema}.closed-{now():%Y%m%dT%H%M%S%f}.jsonl")
    return path.rename(target)


def trail_file(schema: str) -> bytes:
    """The whole lines of a schema's file as they stand; empty where there is none."""
    path = checkpoint_path(schema)
    if not path.exists():
        return b""
    complete, newline, _ = path.read_bytes().rpartition(b"\n")
    return complete + newline


def adopt_trail_file(schema: str, lines: bytes) -> None:
    """Import: go on from the checkpoints a bank had elsewhere; a file that is there is put aside unless it is this."""
    if trail_file(schema) == lines:
        return
    archive_checkpoints(schema)
    with _locked(checkpoint_path(schema)) as file:
        file.write(lines)
        file.flush()
        os.fsync(file.fileno())


def last_checkpoint(schema: str) -> Checkpoint | None:
    """What the last whole line says; None when there is none, or when it is not ours."""
    path = checkpoint_path(schema)
    if not path.exists():
        return None
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        complete, newline, _rest = file.read().rpartition(b"\n")
    line = complete.rpartition(b"\n")[2].decode(errors="replace")
    try:
        return read_line(public_key(), line) if newline else None
    except ValueError:
        return None


def checkpoint_path(schema: str) -> Path:
    return Path(settings.CHECKPOINT_DIR) / f"{schema}.jsonl"


def signing_key() -> Ed25519PrivateKey:
    """The platform's signing key, in a file beside the master key, made at first use."""
    return _key_of(str(Path(settings.MASTER_KEY_FILE).with_name(KEY_NAME)))


def public_key() -> Ed25519PublicKey:
    return signing_key().public_key()


@lru_cache(maxsize=4)
def _key_of(name: str) -> Ed25519PrivateKey:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _locked(path) as file:
        text = file.read()
        if not text:
            text = base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw())
            file.write(text + b"\n")
            file.flush()
            os.fsync(file.fileno())
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(text))


@contextmanager
def _locked(path: Path) -> Iterator[IO[bytes]]:
    """The file, open for reading and appending, with this process alone at it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o600), "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def _last_line(file: IO[bytes]) -> str:
    """The last complete line; an incomplete one after it, left by a crash, is cut off."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _TAIL_BYTES))
    tail = file.read()
    complete, newline, rest = tail.rpartition(b"\n")
    if rest:
        file.truncate(size - len(rest))
    return complete.rpartition(b"\n")[2].decode() if newline else ""
