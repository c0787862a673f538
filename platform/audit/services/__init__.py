from audit.services.checkpoints import (
    adopt_trail_file,
    archive_checkpoints,
    checkpoint_path,
    trail_file,
    write_checkpoint,
)
from audit.services.keeping import checkpoint_due_banks, seal_due_banks
from audit.services.purging import purge_rows
from audit.services.recording import record, record_read
from audit.services.sealing import seal_pending
from audit.services.signing import is_signed, public_key_text, sign
from audit.services.status import TrailStatus, trail_status
from audit.services.verification import Finding, FindingKind, VerifyReport, verify

__all__ = [
    "Finding",
    "FindingKind",
    "TrailStatus",
    "VerifyReport",
    "adopt_trail_file",
    "archive_checkpoints",
    "checkpoint_due_banks",
    "checkpoint_path",
    "is_signed",
    "public_key_text",
    "purge_rows",
    "record",
    "record_read",
    "seal_due_banks",
    "seal_pending",
    "sign",
    "trail_file",
    "trail_status",
    "verify",
    "write_checkpoint",
]
