"""Reading datasets, loads, contracts and reports."""

from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from core.errors import NotFound
from datasets import contracts
from datasets.models import DataContractVersion, Dataset, DatasetLoad, QualityReport
from datasets.selectors.records import ContractView, DatasetView, LoadView, QualityScores
from datasets.states import WORKING_STATES, ContractState, LoadState
from jobs.choices import JobState
from jobs.models import Job

_LAST = {
    "last_load_id": "id",
    "last_load_number": "number",
    "last_state": "known_state",
    "last_rows_good": "rows_good",
    "last_rows_quarantined": "rows_quarantined",
}


def with_known_state(loads: Any) -> Any:
    """Loads with `known_state`: failed, too, where the job was cancelled or given up before it could say so."""
    lost = Job.objects.filter(
        pk=OuterRef("job_id"), state__in=[JobState.FAILED, JobState.CANCELLED]
    )
    return loads.annotate(
        known_state=Case(
            When(Q(state__in=WORKING_STATES) & Exists(lost), then=Value(LoadState.FAILED.value)),
            default=F("state"),
            output_field=CharField(),
        )
    )


def dataset_rows(*, name: str = "", state: str = "") -> QuerySet[Dataset]:
    """Datasets with what lists show, in one query; `state` is that of the newest load."""
    loads = DatasetLoad.objects.filter(dataset=OuterRef("pk"))
    newest = with_known_state(loads).order_by("-number")
    count = loads.order_by().values("dataset").annotate(n=Count("pk")).values("n")
    versions = DataContractVersion.objects.filter(dataset=OuterRef("pk")).order_by("-version")
    rows: Any = Dataset.objects.annotate(
        **{alias: Subquery(newest.values(field)[:1]) for alias, field in _LAST.items()},
        loads_count=Coalesce(Subquery(count, output_field=IntegerField()), 0),
        confirmed_version=Subquery(
            versions.filter(state=ContractState.CONFIRMED).values("version")[:1]
        ),
        draft_version=Subquery(versions.filter(state=ContractState.DRAFT).values("version")[:1]),
    )
    if name:
        rows = rows.filter(name__icontains=name)
    if state:
        rows = rows.filter(last_state=state)
    return rows


def as_dataset(row: Any) -> DatasetView:
    """A row of `dataset_rows` as a view."""
    return DatasetView(
        id=str(row.id),
        name=row.name,
        title=row.title,
        description=row.description,
        created_by=row.created_by,
        created_at=row.created_at,
        loads=row.loads_count,
        confirmed_version=row.confirmed_version,
        draft_version=row.draft_version,
        last_load_id=str(row.last_load_id) if row.last_load_id else None,
        last_load_number=row.last_load_number,
        last_state=row.last_state,
        last_rows_good=row.last_rows_good,
        last_rows_quarantined=row.last_rows_quarantined,
    )


def get_dataset(dataset_id: str) -> DatasetView:
    """Raises `NotFound`."""
    row = dataset_rows().filter(pk=dataset_id).first()
    if row is None:
        raise NotFound("No such dataset.")
    return as_dataset(row)


def find_dataset(name: str) -> DatasetView | None:
    """The dataset of that name, or None."""
    row = dataset_rows().filter(name=name).first()
    return as_dataset(row) if row else None


def load_rows(*, dataset_id: str = "", state: str = "") -> QuerySet[DatasetLoad]:
    """Loads, newest first, with what lists show, in one query."""
    rows = with_known_state(DatasetLoad.objects.select_related("dataset", "quality"))
    rows = rows.annotate(contract_version=F("contract__version"))
    rows = rows.defer("summary", "quality__body", "dataset__description")
    if dataset_id:
        rows = rows.filter(dataset_id=dataset_id)
    if state:
        rows = rows.filter(known_state=state)
    ordered: QuerySet[DatasetLoad] = rows.order_by("-id")
    return ordered


def as_load(row: Any) -> LoadView:
    """A row of `load_rows` as a view."""
    lost = row.known_state != row.state
    return LoadView(
        id=str(row.id),
        dataset_id=str(row.dataset_id),
        dataset_name=row.dataset.name,
        number=row.number,
        file_name=row.file_name,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        format=row.format,
        state=row.known_state,
        error_code="job_ended" if lost else row.error_code,
        error="The job ended before the file was taken in; it can be resumed."
        if lost
        else row.error,
        rows_in=row.rows_in,
        rows_good=row.rows_good,
        rows_quarantined=row.rows_quarantined,
        contract_version=row.contract_version,
        data_sha256=row.data_sha256,
        job_id=str(row.job_id) if row.job_id else None,
        as_of=row.as_of,
        created_by=row.created_by,
        created_at=row.created_at,
        finished_at=row.finished_at,
        quality=_scores(getattr(row, "quality", None)),
    )


def _scores(row: QualityReport | None) -> QualityScores | None:
    if row is None:
        return None
    return QualityScores(**{name: getattr(row, name) for name in QualityScores.__slots__})


def get_load(load_id: str, *, dataset_id: str = "") -> LoadView:
    """Raises `NotFound`, also when the load is another dataset's than `dataset_id`."""
    row = load_rows(dataset_id=dataset_id).filter(pk=load_id).first()
    if row is None:
        raise NotFound("No such load.")
    return as_load(row)


def ready_loads(dataset_id: str, *, limit: int = 50) -> list[LoadView]:
    """The newest loads that can be used, newest first."""
    rows = load_rows(dataset_id=dataset_id, state=LoadState.READY)[:limit]
    return [as_load(row) for row in rows]


def row_count(load_id: str) -> int:
    """Good rows of a ready load. Raises `NotFound`."""
    found = DatasetLoad.objects.filter(pk=load_id, state=LoadState.READY).values_list(
        "rows_good", flat=True
    )
    row: int | None = found.first()
    if row is None:
        raise NotFound("No such load, or it is not ready.")
    return row


def as_contract(row: DataContractVersion) -> ContractView:
    """A row with its dataset as a view."""
    return ContractView(
        id=str(row.id),
        dataset_id=str(row.dataset_id),
        dataset_name=row.dataset.name,
        version=row.version,
        state=row.state,
        contract=contracts.contract_from_json(row.body),
        sha256=row.body_sha256,
        findings=tuple(row.findings),
        inferred_from=str(row.inferred_from_id) if row.inferred_from_id else None,
        created_by=row.created_by,
        updated_at=row.updated_at,
        confirmed_by=row.confirmed_by,
        confirmed_at=row.confirmed_at,
    )


def contract_rows(dataset_id: str) -> QuerySet[DataContractVersion]:
    return (
        DataContractVersion.objects.select_related("dataset")
        .filter(dataset_id=dataset_id)
        .order_by("-version")
    )


def get_contract(dataset_id: str, *, version: int | None = None) -> ContractView:
    """The newest version of a dataset's contract, or the one asked for. Raises `NotFound`."""
    rows = contract_rows(dataset_id)
    row = (rows if version is None else rows.filter(version=version)).first()
    if row is None:
        raise NotFound("The dataset has no such contract.")
    return as_contract(row)


def confirmed_contract(dataset_id: str) -> ContractView | None:
    """The newest confirmed version: what the next file is held to."""
    row = contract_rows(dataset_id).filter(state=ContractState.CONFIRMED).first()
    return as_contract(row) if row else None


def contract_history(dataset_id: str) -> list[ContractView]:
    """All versions, newest first."""
    return [as_contract(row) for row in contract_rows(dataset_id)]


def contract_of(load_id: str) -> ContractView:
    """The contract a load was converted by. Raises `NotFound` when it has none yet."""
    row = DataContractVersion.objects.select_related("dataset").filter(loads__id=load_id).first()
    if row is None:
        raise NotFound("No such load, or it has no contract yet.")
    return as_contract(row)


def quality_of(load_id: str) -> contracts.QualityReport:
    """The whole report. Raises `NotFound` while there is none."""
    body = QualityReport.objects.filter(load__id=load_id).values_list("body", flat=True).first()
    if body is None:
        raise NotFound("The load has no quality report yet.")
    return contracts.report_from_json(str(body))


def summary_of(load_id: str) -> dict[str, Any]:
    """What the conversion counted (`datasets.contracts.IntakeSummary` as JSON), empty before it."""
    return DatasetLoad.objects.filter(pk=load_id).values_list("summary", flat=True).first() or {}
