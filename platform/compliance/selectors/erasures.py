"""Erasures and their certificates."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from compliance.models import Erasure
from core.errors import NotFound


@dataclass(frozen=True, slots=True)
class ErasureView:
    """An erasure without the person: after it is done nobody can tell from here who it was."""

    id: str
    state: str
    reason: str
    requested_by: str
    approved_by: str
    created_at: datetime
    finished_at: datetime | None
    certificate: Mapping[str, Any] | None
    certificate_sha256: str
    note: str
    job_id: str


def erasure_rows(*, state: str = "") -> QuerySet[Erasure]:
    """Erasures, newest first."""
    rows = Erasure.objects.filter(state=state) if state else Erasure.objects.all()
    return rows.defer("references").order_by("-id")


def as_erasure(row: Erasure) -> ErasureView:
    return ErasureView(
        id=str(row.id),
        state=row.state,
        reason=row.reason,
        requested_by=row.requested_by_label,
        approved_by=row.approved_by_label,
        created_at=row.created_at,
        finished_at=row.finished_at,
        certificate=row.certificate,
        certificate_sha256=row.certificate_sha256,
        note=row.note,
        job_id=str(row.job_id or ""),
    )


def get_erasure(erasure_id: str) -> ErasureView:
    """Raises `NotFound`."""
    row = erasure_rows().filter(pk=erasure_id).first()
    if row is None:
        raise NotFound("No such erasure.")
    return as_erasure(row)
