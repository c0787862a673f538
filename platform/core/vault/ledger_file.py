"""The erasure ledger outside PostgreSQL: a restored database does not know what was erased after
its backup.
"""

import json
import os
from datetime import datetime
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import transaction


def append_after_commit(schema: str, subject: bytes, *, at: datetime) -> None:
    """Write the erasure down once its transaction has committed."""
    transaction.on_commit(partial(append, schema, {subject: at}))


def append(schema: str, erased: dict[bytes, datetime]) -> None:
    """One line an erasure, on disk when this returns. Lines may repeat: reading takes each subject
    once.
    """
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


def ledger_path(schema: str) -> Path:
    return Path(settings.CHECKPOINT_DIR) / f"{schema}.erasures.jsonl"
