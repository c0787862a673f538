"""Models, runs and versions as pages and the API see them: frozen, evaluated."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery

from core.clock import now
from core.errors import NotFound
from jobs.selectors import JobView
from jobs.selectors import as_view as job_view
from scoring.choices import TRANSITIONS, Slot
from scoring.models import Deployment, Model, ModelRun, ModelVersion
from scoring.selectors.live import LiveVersion, deployment_history


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure with its 95 % interval; None where it could not be measured."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class ModelView:
    """One model with its versions counted and its champion named."""

    id: str
    code: str
    name: str
    purpose: str
    family: str
    product: str
    versions: int
    champion_number: int | None
    champion_id: str | None
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class RunView:
    """One training run with the state of its job."""

    id: str
    model_id: str
    model_code: str
    model_name: str
    kind: str
    load_id: str
    dataset: str
    seed: int
    spec: Mapping[str, Any]
    job: JobView
    version_id: str | None
    version_number: int | None
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class VersionRow:
    """What a table of versions shows; `slots` are those it holds now."""

    id: str
    model_id: str
    model_code: str
    model_name: str
    number: int
    kind: str
    stage: str
    auc: Measure
    gini: Measure
    ks: Measure
    sha256: str
    slots: tuple[str, ...]
    trained_by: str
    submitted_by: str
    submitted_at: datetime | None
    approved_by: str
    approved_at: datetime | None
    review_note: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class VersionReport:
    """A version with everything its page shows; `report` is `scoring.engine.report.ModelReport` as JSON."""

    row: VersionRow
    report: Mapping[str, Any]
    spec: Mapping[str, Any]
    inputs: tuple[Mapping[str, Any], ...]
    run_id: str | None
    load_id: str | None
    dataset: str
    artifact_bytes: int
    deployments: tuple[LiveVersion, ...]
    # Stages it may go to next.
    next_stages: frozenset[str]
    # `kind:id` of whoever may not approve it.
    makers: frozenset[str]
    policy_version_ids: tuple[str, ...]


def _open(slot: str = "") -> QuerySet[Deployment]:
    """Deployments in force now, of the outer row."""
    rows = Deployment.objects.filter(valid_from__lte=now()).exclude(valid_to__lte=now())
    return rows.filter(slot=slot) if slot else rows


def model_rows() -> QuerySet[Model]:
    """Models by code, with what lists show, in one query."""
    champion = _open(Slot.CHAMPION).filter(model=OuterRef("pk")).order_by("-valid_from")
    return Model.objects.annotate(
        version_count=Count("versions"),
        champion_number=Subquery(champion.values("version__number")[:1]),
        champion_version=Subquery(champion.values("version_id")[:1]),
    ).order_by("-id")


def as_model(row: Any) -> ModelView:
    """A row of `model_rows` as a view."""
    return ModelView(
        id=str(row.id),
        code=row.code,
        name=row.name,
        purpose=row.purpose,
        family=row.family,
        product=row.product,
        versions=row.version_count,
        champion_number=row.champion_number,
        champion_id=str(row.champion_version) if row.champion_version else None,
        created_by=row.created_by_label,
        created_at=row.created_at,
    )


def get_model(model_id: str) -> ModelView:
    """Raises `NotFound`."""
    row = model_rows().filter(pk=model_id).first()
    if row is None:
        raise NotFound("No such model.")
    return as_model(row)


def list_models() -> list[ModelView]:
    return [as_model(row) for row in model_rows()]


def run_rows(*, model_id: str = "", state: str = "") -> QuerySet[ModelRun]:
    """Runs, newest first, with job and version, in one query."""
    rows = ModelRun.objects.select_related("model", "job", "version").defer(
        "version__report", "version__spec"
    )
    if model_id:
        rows = rows.filter(model_id=model_id)
    if state:
        rows = rows.filter(job__state=state)
    return rows.order_by("-id")


def as_run(row: ModelRun) -> RunView:
    """A row of `run_rows` as a view."""
    version = getattr(row, "version", None)
    return RunView(
        id=str(row.id),
        model_id=str(row.model_id),
        model_code=row.model.code,
        model_name=row.model.name,
        kind=row.kind,
        load_id=str(row.load_id),
        dataset=row.dataset_name,
        seed=row.seed,
        spec=row.spec,
        job=job_view(row.job),
        version_id=str(version.id) if version else None,
        version_number=version.number if version else None,
        created_by=row.created_by_label,
        created_at=row.created_at,
    )


def get_run(run_id: str) -> RunView:
    """Raises `NotFound`."""
    row = run_rows().filter(pk=run_id).first()
    if row is None:
        raise NotFound("No such model run.")
    return as_run(row)


def version_rows(*, model_id: str = "", stage: str = "") -> QuerySet[ModelVersion]:
    """Versions, newest first, without their reports."""
    rows = ModelVersion.objects.select_related("model").defer("report", "spec", "inputs")
    rows = rows.prefetch_related("deployments")
    if model_id:
        rows = rows.filter(model_id=model_id)
    if stage:
        rows = rows.filter(stage=stage)
    return rows.order_by("-id")


def as_version(row: ModelVersion) -> VersionRow:
    """A row of `version_rows` as a view; its deployments are prefetched."""
    moment = now()
    slots = [
        d.slot
        for d in row.deployments.all()
        if d.valid_from <= moment and (d.valid_to is None or d.valid_to > moment)
    ]
    return VersionRow(
        id=str(row.id),
        model_id=str(row.model_id),
        model_code=row.model.code,
        model_name=row.model.name,
        number=row.number,
        kind=row.kind,
        stage=row.stage,
        auc=Measure(row.auc, row.auc_low, row.auc_high),
        gini=Measure(row.gini, row.gini_low, row.gini_high),
        ks=Measure(row.ks, row.ks_low, row.ks_high),
        sha256=row.artifact_sha256,
        slots=tuple(sorted(slots)),
        trained_by=row.trained_by_label,
        submitted_by=row.submitted_by_label,
        submitted_at=row.submitted_at,
        approved_by=row.approved_by_label,
        approved_at=row.approved_at,
        review_note=row.review_note,
        created_at=row.created_at,
    )


def versions_table(*, model_id: str = "", stage: str = "") -> list[VersionRow]:
    """All versions of a model, newest first: two queries."""
    return [as_version(row) for row in version_rows(model_id=model_id, stage=stage)]


def get_version(version_id: str) -> VersionRow:
    """Raises `NotFound`."""
    row = version_rows().filter(pk=version_id).first()
    if row is None:
        raise NotFound("No such model version.")
    return as_version(row)


def version_report(version_id: str) -> VersionReport:
    """Everything the page of a version shows. Raises `NotFound`."""
    rows = ModelVersion.objects.select_related("model", "run").prefetch_related(
        "deployments", "policies"
    )
    row = rows.filter(pk=version_id).first()
    if row is None:
        raise NotFound("No such model version.")
    history = [d for d in deployment_history(str(row.model_id)) if d.version_id == version_id]
    return VersionReport(
        row=as_version(row),
        report=row.report,
        spec=row.spec,
        inputs=tuple(row.inputs),
        run_id=str(row.run_id) if row.run_id else None,
        load_id=str(row.run.load_id) if row.run else None,
        dataset=row.run.dataset_name if row.run else "",
        artifact_bytes=row.artifact_bytes,
        deployments=tuple(history),
        next_stages=TRANSITIONS[row.stage],
        makers=frozenset({row.trained_by, row.submitted_by} - {""}),
        policy_version_ids=tuple(str(p.id) for p in row.policies.all()),
    )
