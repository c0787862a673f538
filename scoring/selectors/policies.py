"""Policies and their versions as pages and the API see them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from core.clock import now
from core.errors import NotFound
from scoring.choices import TRANSITIONS
from scoring.models import PolicyVersion


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """What a table of policy versions shows; `live` when it is in force now."""

    id: str
    policy_id: str
    model_id: str
    model_code: str
    model_name: str
    number: int
    stage: str
    source: str
    sha256: str
    live: bool
    note: str
    authored_by: str
    submitted_by: str
    submitted_at: datetime | None
    approved_by: str
    approved_at: datetime | None
    review_note: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PolicyView:
    """One version with its flow and the words of its codes."""

    row: PolicyRow
    document: Mapping[str, Any]
    reasons: Mapping[str, Mapping[str, str]]
    catalogue_number: int
    catalogue_sha256: str
    model_version_id: str | None
    next_stages: frozenset[str]
    makers: frozenset[str]
    deployments: tuple[tuple[datetime, datetime | None, str], ...]


def policy_rows(*, model_id: str = "", stage: str = "") -> QuerySet[PolicyVersion]:
    """Versions, newest first, without their flows."""
    rows = PolicyVersion.objects.select_related("policy__model").defer("document")
    rows = rows.prefetch_related("deployments")
    if model_id:
        rows = rows.filter(policy__model_id=model_id)
    if stage:
        rows = rows.filter(stage=stage)
    return rows.order_by("-id")


def as_policy(row: PolicyVersion) -> PolicyRow:
    """A row of `policy_rows` as a view."""
    moment = now()
    live = any(
        d.valid_from <= moment and (d.valid_to is None or d.valid_to > moment)
        for d in row.deployments.all()
    )
    model = row.policy.model
    return PolicyRow(
        id=str(row.id),
        policy_id=str(row.policy_id),
        model_id=str(model.id),
        model_code=model.code,
        model_name=model.name,
        number=row.number,
        stage=row.stage,
        source=row.source,
        sha256=row.sha256,
        live=live,
        note=row.note,
        authored_by=row.authored_by_label,
        submitted_by=row.submitted_by_label,
        submitted_at=row.submitted_at,
        approved_by=row.approved_by_label,
        approved_at=row.approved_at,
        review_note=row.review_note,
        created_at=row.created_at,
    )


def policies_table(*, model_id: str = "", stage: str = "") -> list[PolicyRow]:
    """All versions of a model's policy, newest first."""
    return [as_policy(row) for row in policy_rows(model_id=model_id, stage=stage)]


def get_policy(version_id: str) -> PolicyView:
    """One version with its flow. Raises `NotFound`."""
    rows = PolicyVersion.objects.select_related("policy__model", "catalogue")
    row = rows.prefetch_related("deployments").filter(pk=version_id).first()
    if row is None:
        raise NotFound("No such policy version.")
    return PolicyView(
        row=as_policy(row),
        document=json.loads(row.document),
        reasons=row.catalogue.entries,
        catalogue_number=row.catalogue.number,
        catalogue_sha256=row.catalogue.sha256,
        model_version_id=str(row.model_version_id) if row.model_version_id else None,
        next_stages=TRANSITIONS[row.stage],
        makers=frozenset({row.authored_by, row.submitted_by} - {""}),
        deployments=tuple(
            (d.valid_from, d.valid_to, d.created_by_label) for d in row.deployments.all()
        ),
    )
