"""What is live, now or at any moment: the deployments say it, nothing else does."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from core.clock import now
from scoring.models import Deployment, Model, PolicyDeployment


@dataclass(frozen=True, slots=True)
class LiveVersion:
    """One version in one slot, and since when until when."""

    model_id: str
    model_code: str
    model_name: str
    slot: str
    version_id: str
    number: int
    kind: str
    sha256: str
    valid_from: datetime
    valid_to: datetime | None
    deployment_id: str


@dataclass(frozen=True, slots=True)
class LivePolicy:
    model_id: str
    version_id: str
    number: int
    sha256: str
    valid_from: datetime
    valid_to: datetime | None


def _at(moment: datetime) -> Q:
    return Q(valid_from__lte=moment) & (Q(valid_to=None) | Q(valid_to__gt=moment))


def live_at(moment: datetime | None = None, *, model_id: str = "") -> list[LiveVersion]:
    """Every version in a slot at a moment (now, when none is given), by model and slot: one query."""
    rows = Deployment.objects.filter(_at(moment or now())).select_related("model", "version")
    rows = rows.defer("version__report", "version__spec").order_by("model__code", "slot", "id")
    if model_id:
        rows = rows.filter(model_id=model_id)
    return [_live(row) for row in rows]


def _live(row: Deployment) -> LiveVersion:
    return LiveVersion(
        model_id=str(row.model_id),
        model_code=row.model.code,
        model_name=row.model.name,
        slot=row.slot,
        version_id=str(row.version_id),
        number=row.version.number,
        kind=row.version.kind,
        sha256=row.version.artifact_sha256,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        deployment_id=str(row.id),
    )


def deployment_history(model_id: str) -> list[LiveVersion]:
    """All deployments of a model, newest first."""
    rows = Deployment.objects.filter(model_id=model_id).select_related("model", "version")
    return [
        _live(r)
        for r in rows.defer("version__report", "version__spec").order_by("-valid_from", "-id")
    ]


def live_policy_at(model_id: str, moment: datetime | None = None) -> LivePolicy | None:
    """The policy version in force for a model at a moment."""
    rows = PolicyDeployment.objects.filter(_at(moment or now()), policy__model_id=model_id)
    row = rows.select_related("version").defer("version__document").first()
    if row is None:
        return None
    return LivePolicy(
        model_id=model_id,
        version_id=str(row.version_id),
        number=row.version.number,
        sha256=row.version.sha256,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )


def model_id_of(code: str) -> str | None:
    """The model of that code."""
    key = Model.objects.filter(code=code).values_list("id", flat=True).first()
    return str(key) if key else None
