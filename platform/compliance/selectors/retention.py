"""How long each kind is kept here, and what purges did."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from compliance.models import PurgeRun, RetentionSetting
from core.errors import NotFound
from core.retention import RecordKind, kinds
from core.tenancy import current_bank


@dataclass(frozen=True, slots=True)
class KindView:
    """A kind of record: `days` in force here, the jurisdiction's default and least, and the text behind the least."""

    code: str
    label: str
    note: str
    days: int
    default: int
    minimum: int
    source: str
    set_by: str = ""
    set_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PurgeView:
    """A purge and its report: per kind `days`, `before`, `due`, `held`, `purged`."""

    id: str
    mode: str
    report: Mapping[str, Any] | None
    started_by: str
    created_at: datetime
    finished_at: datetime | None
    job_id: str


def _newest() -> dict[str, RetentionSetting]:
    rows = RetentionSetting.objects.order_by("kind", "-id").distinct("kind")
    return {row.kind: row for row in rows}


def kind_views() -> list[KindView]:
    """Every kind with what is in force for the bank."""
    own = _newest()
    return [_view(kind, own.get(kind.code)) for kind in kinds()]


def days_in_force() -> dict[str, int]:
    """Days by kind. A setting below a minimum that was raised since counts as the minimum."""
    return {view.code: view.days for view in kind_views()}


def _view(kind: RecordKind, row: RetentionSetting | None) -> KindView:
    rule = kind.rule(current_bank().jurisdiction)
    return KindView(
        code=kind.code,
        label=str(kind.label),
        note=str(kind.note),
        days=max(row.days if row else rule.days, rule.minimum),
        default=rule.days,
        minimum=rule.minimum,
        source=rule.source,
        set_by=row.set_by_label if row else "",
        set_at=row.created_at if row else None,
    )


def purge_rows(*, mode: str = "") -> QuerySet[PurgeRun]:
    """Purges, newest first."""
    rows = PurgeRun.objects.filter(mode=mode) if mode else PurgeRun.objects.all()
    return rows.order_by("-id")


def as_purge(row: PurgeRun) -> PurgeView:
    return PurgeView(
        id=str(row.id),
        mode=row.mode,
        report=row.report,
        started_by=row.started_by_label,
        created_at=row.created_at,
        finished_at=row.finished_at,
        job_id=str(row.job_id or ""),
    )


def get_purge(purge_id: str) -> PurgeView:
    """Raises `NotFound`."""
    row = PurgeRun.objects.filter(pk=purge_id).first()
    if row is None:
        raise NotFound("No such purge.")
    return as_purge(row)
