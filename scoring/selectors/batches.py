"""Batches with their progress, as pages and the API see them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import Coalesce

from core.errors import Conflict, NotFound
from jobs.selectors import JobView
from jobs.selectors import as_view as job_view
from scoring.models import BatchChunk, BatchRun


@dataclass(frozen=True, slots=True)
class BatchView:
    """One batch; `rows_done` is what is committed, `counts` are rows by outcome once it is finished."""

    id: str
    model_id: str
    model_code: str
    model_name: str
    version_id: str
    version_number: int
    policy_version_id: str
    policy_number: int
    load_id: str
    dataset: str
    rows: int
    rows_done: int
    chunks_done: int
    counts: Mapping[str, int] | None
    manifest: Mapping[str, Any] | None
    job: JobView
    created_by: str
    created_at: datetime

    @property
    def finished(self) -> bool:
        return self.manifest is not None


def batch_rows(*, model_id: str = "", state: str = "") -> QuerySet[BatchRun]:
    """Batches, newest first, with what lists show, in one query."""
    rows: QuerySet[Any] = BatchRun.objects.select_related(
        "model", "model_version", "policy_version", "job"
    )
    rows = rows.defer(
        "model_version__report", "model_version__spec", "policy_version__document"
    ).annotate(done=Coalesce(Sum("chunks__rows"), 0), chunk_count=Count("chunks"))
    if model_id:
        rows = rows.filter(model_id=model_id)
    if state:
        rows = rows.filter(job__state=state)
    return rows.order_by("-id")


def as_batch(row: Any) -> BatchView:
    """A row of `batch_rows` as a view."""
    return BatchView(
        id=str(row.id),
        model_id=str(row.model_id),
        model_code=row.model.code,
        model_name=row.model.name,
        version_id=str(row.model_version_id),
        version_number=row.model_version.number,
        policy_version_id=str(row.policy_version_id),
        policy_number=row.policy_version.number,
        load_id=str(row.load_id),
        dataset=row.dataset_name,
        rows=row.rows,
        rows_done=row.done,
        chunks_done=row.chunk_count,
        counts=row.manifest["counts"] if row.manifest else None,
        manifest=row.manifest,
        job=job_view(row.job),
        created_by=row.created_by_label,
        created_at=row.created_at,
    )


def get_batch(batch_id: str) -> BatchView:
    """Raises `NotFound`."""
    row = batch_rows().filter(pk=batch_id).first()
    if row is None:
        raise NotFound("No such batch.")
    return as_batch(row)


def list_batches(*, limit: int = 50, **filters: str) -> list[BatchView]:
    return [as_batch(row) for row in batch_rows(**filters)[:limit]]


def chunk_paths(batch_id: str) -> list[str]:
    """Where the chunks of a finished batch are, in row order. Raises `NotFound`, `Conflict` while it runs."""
    batch = get_batch(batch_id)
    if not batch.finished:
        raise Conflict("The batch is not finished.", code="batch_not_finished")
    rows = BatchChunk.objects.filter(run__id=batch_id).order_by("number")
    return list(rows.values_list("path", flat=True))
