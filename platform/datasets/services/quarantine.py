"""The refused rows of a load, for people who may see what a customer's record held."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow.parquet as pq
from django.db import transaction

from accounts import policies
from audit.services import record_read
from core import storage
from core.actors import Actor
from core.errors import NotFound, field_error
from core.storage import EncryptedReader
from datasets import permissions
from datasets.engine import export_csv
from datasets.models import DatasetLoad
from datasets.services.files import binary, reading

Format = Literal["csv", "parquet"]
CONTENT_TYPES: dict[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}


@dataclass(frozen=True, slots=True)
class Download:
    """A stored file to be streamed; whoever takes it closes `stream`."""

    file_name: str
    content_type: str
    size: int
    stream: EncryptedReader


@dataclass(frozen=True, slots=True)
class QuarantinedIssue:
    """One fault of one row; `row` counts records of the source file from 1, the header included."""

    row: int
    column: str
    reason: str
    message: str
    value: str
    record: str


@dataclass(frozen=True, slots=True)
class QuarantinePage:
    issues: tuple[QuarantinedIssue, ...]
    total: int
    offset: int
    limit: int


def export_quarantine(*, load_id: str, format: Format, actor: Actor) -> Download:
    """All refused rows as CSV (no live formulas) or Parquet. Audited as a read of personal data.

    Raises `NotFound` while the load has none to offer.
    """
    policies.require(actor, permissions.VIEW_QUARANTINE)
    if format not in CONTENT_TYPES:
        raise field_error("/format", "unknown_format", "One of csv, parquet.")
    load = _with_quarantine(load_id)
    path = load.quarantine_path if format == "parquet" else _csv_of(load.quarantine_path)
    _note_read(load, actor, format=format)
    stream = storage.open_reader(path)
    return Download(
        file_name=f"{load.dataset.name}-{load.number}-quarantine.{format}",
        content_type=CONTENT_TYPES[format],
        size=stream.size,
        stream=stream,
    )


def read_quarantine(
    *, load_id: str, actor: Actor, offset: int = 0, limit: int = 50
) -> QuarantinePage:
    """A page of refused rows, a block of the file after the other. Audited as a read of personal data.

    Raises `NotFound` while the load has none to offer.
    """
    policies.require(actor, permissions.VIEW_QUARANTINE)
    load = _with_quarantine(load_id)
    _note_read(load, actor, offset=offset, limit=limit)
    with storage.open_reader(load.quarantine_path) as reader:
        file = pq.ParquetFile(reader)
        rows = _slice(file, offset, limit)
        return QuarantinePage(
            issues=tuple(QuarantinedIssue(*row.values()) for row in rows),
            total=file.metadata.num_rows,
            offset=offset,
            limit=limit,
        )


def _slice(file: pq.ParquetFile, offset: int, limit: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    start = 0
    for group in range(file.num_row_groups):
        size = file.metadata.row_group(group).num_rows
        if start + size > offset and len(rows) < limit:
            table = file.read_row_group(group).slice(max(0, offset - start), limit - len(rows))
            rows += table.to_pylist()
        start += size
    return rows


def _with_quarantine(load_id: str) -> DatasetLoad:
    load = DatasetLoad.objects.select_related("dataset").filter(pk=load_id).first()
    if load is None or not load.quarantine_path:
        raise NotFound("No such load, or it has no quarantine yet.")
    return load


@transaction.atomic
def _note_read(load: DatasetLoad, actor: Actor, **detail: object) -> None:
    record_read(
        actor=actor, target="dataset_quarantine", target_id=str(load.id),
        detail={"dataset": load.dataset.name, "number": load.number, **detail},
    )  # fmt: skip


def _csv_of(path: str) -> str:
    """The CSV beside the Parquet file, written at first use."""
    target = f"{path}.csv"
    if not _readable(target):
        # One whose key was rolled back with the transaction it was written in is as good as none.
        storage.delete(target)
        # Another request may have written the same bytes meanwhile.
        with (
            suppress(FileExistsError),
            reading(path) as source,
            storage.open_writer(target) as sink,
        ):
            export_csv(source, binary(sink))
    return target


def _readable(path: str) -> bool:
    try:
        storage.open_reader(path).close()
    except (FileNotFoundError, storage.FileDamaged):
        return False
    return True
