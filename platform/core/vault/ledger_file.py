"""The erasure ledger outside PostgreSQL: a restored database does not know what was erased after
its backup.
"""

import contextlib
import json
import os
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import transaction

# Named in the settings where several hosts erase: then no host's own disk holds the ledger.
STORE = "erasures"
_MOMENT = "%Y%m%dT%H%M%S.%f"


def append_after_commit(schema: str, subject: bytes, *, at: datetime) -> None:
    """Write the erasure down once its transaction has committed."""
    transaction.on_commit(partial(append, schema, {subject: at}))


def append(schema: str, erased: dict[bytes, datetime]) -> None:
    """One line an erasure, on disk when this returns. Lines may repeat: reading takes each subject
    once.
    """
    if STORE in settings.STORAGES:
        _append_objects(schema, erased)
        return
    path = ledger_path(schema)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    lines = "".join(
        json.dumps({"subject": subject.hex(), "at": at.isoformat()}) + "\n"
        for subject, at in erased.items()
    )
    descriptor = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    try:
        os.write(descriptor, lines.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read(schema: str) -> dict[bytes, datetime]:
    """Erasures by subject. A line cut short by a crash is left out: the table has it, and `sync`
    writes it again.
    """
    if STORE in settings.STORAGES:
        return _read_objects(schema)
    path = ledger_path(schema)
    if not path.exists():
        return {}
    out: dict[bytes, datetime] = {}
    for line in path.read_text().splitlines():
        try:
            entry = json.loads(line)
            out[bytes.fromhex(entry["subject"])] = datetime.fromisoformat(entry["at"])
        except (ValueError, KeyError, TypeError):
            continue
    return out


def _append_objects(schema: str, erased: dict[bytes, datetime]) -> None:
    """One empty object an erasure, never replaced: hosts that erase at once do not meet, and a lock on the bucket's
    objects does not disturb. Its name says all, so that reading is listing.
    """
    for subject, at in erased.items():
        name = f"{schema}/{subject.hex()}_{at.astimezone(UTC):{_MOMENT}}"
        with contextlib.suppress(FileExistsError):
            storages[STORE].save(name, ContentFile(b""))


def _read_objects(schema: str) -> dict[bytes, datetime]:
    out: dict[bytes, datetime] = {}
    for name in storages[STORE].listdir(schema)[1]:
        subject, _, moment = name.partition("_")
        with contextlib.suppress(ValueError):
            out[bytes.fromhex(subject)] = datetime.strptime(moment, _MOMENT).replace(tzinfo=UTC)
    return out


def ledger_path(schema: str) -> Path:
    return Path(settings.CHECKPOINT_DIR) / f"{schema}.erasures.jsonl"
