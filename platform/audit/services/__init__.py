from audit.services.checkpoints import archive_checkpoints, write_checkpoint
from audit.services.keeping import checkpoint_due_banks, seal_due_banks
from audit.services.purging import purge_rows
from audit.services.recording import record, record_read
from audit.services.sealing import seal_pending
from audit.services.status import TrailStatus, trail_status
from audit.services.verification import Finding, FindingKind, VerifyReport, verify

__all__ = [
    "Finding",
    "FindingKind",
    "TrailStatus",
    "VerifyReport",
    "archive_checkpoints",
    "checkpoint_due_banks",
    "purge_rows",
    "record",
    "record_read",
    "seal_due_banks",
    "seal_pending",
    "trail_status",
    "verify",
    "write_checkpoint",
]
