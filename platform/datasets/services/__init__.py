"""What may be done with datasets: keyword-only, the acting person or client explicit, audited."""

from datasets.services.catalogue import create_dataset
from datasets.services.contract import (
    confirm_contract,
    contract_faults,
    parse_contract,
    update_contract,
)
from datasets.services.erasing import register_person
from datasets.services.intake import run_intake
from datasets.services.quarantine import (
    Download,
    QuarantinePage,
    export_quarantine,
    read_quarantine,
)
from datasets.services.receiving import (
    load_again,
    max_bytes,
    receive_file,
    receive_stored,
    store_file,
)
from datasets.services.retention import register_records
from datasets.services.starting import KIND
from datasets.services.uploading import StorageUploadHandler
from jobs.choices import Queue
from jobs.registry import JobKind, register

__all__ = [
    "Download",
    "QuarantinePage",
    "StorageUploadHandler",
    "confirm_contract",
    "contract_faults",
    "create_dataset",
    "export_quarantine",
    "load_again",
    "max_bytes",
    "parse_contract",
    "read_quarantine",
    "receive_file",
    "receive_stored",
    "register_jobs",
    "register_person",
    "register_records",
    "run_intake",
    "store_file",
    "update_contract",
]


def register_jobs() -> None:
    """Called once at start-up."""
    register(JobKind(kind=KIND, queue=Queue.BATCH, handler=run_intake, unit="bytes"))
