"""Datasets, contracts and loads as other modules and pages see them: frozen, evaluated, without files."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from datasets.contracts import DataContract


@dataclass(frozen=True, slots=True)
class DatasetView:
    """One dataset; the `last_*` figures are those of its newest load, whatever became of it."""

    id: str
    name: str
    title: str
    description: str
    created_by: str
    created_at: datetime
    loads: int
    confirmed_version: int | None
    draft_version: int | None
    last_load_id: str | None
    last_load_number: int | None
    last_state: str | None
    last_rows_good: int | None
    last_rows_quarantined: int | None


@dataclass(frozen=True, slots=True)
class QualityScores:
    """The figures lists show; shares between 0 and 1, None where it cannot be measured."""

    completeness: float
    validity: float
    uniqueness: float
    timeliness: float | None
    stability: float | None
    bad_rate: float | None
    errors: int
    warnings: int
    duplicate_rows: int


@dataclass(frozen=True, slots=True)
class LoadView:
    """One load. `rows_in == rows_good + rows_quarantined`, always."""

    id: str
    dataset_id: str
    dataset_name: str
    number: int
    file_name: str
    size_bytes: int
    sha256: str
    format: Mapping[str, Any] | None
    state: str
    error_code: str
    error: str
    rows_in: int
    rows_good: int
    rows_quarantined: int
    contract_version: int | None
    data_sha256: str
    job_id: str | None
    as_of: date | None
    created_by: str
    created_at: datetime
    finished_at: datetime | None
    quality: QualityScores | None

    @property
    def is_ready(self) -> bool:
        return self.state == "ready"


@dataclass(frozen=True, slots=True)
class ContractView:
    """One version of a dataset's contract. `findings` are those of the first look at a file, as JSON."""

    id: str
    dataset_id: str
    dataset_name: str
    version: int
    state: str
    contract: DataContract
    sha256: str
    findings: tuple[Mapping[str, Any], ...]
    inferred_from: str | None
    created_by: str
    updated_at: datetime
    confirmed_by: str
    confirmed_at: datetime | None

    @property
    def is_confirmed(self) -> bool:
        return self.state == "confirmed"
