"""Decisions as they were given; showing what a person sent is a read of personal data and is written down."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from core.errors import NotFound
from core.vault import SealedValue, SubjectErased, vault
from scoring.models import Application, Decision


@dataclass(frozen=True, slots=True)
class DecisionView:
    """One decision without what the person sent. `offer` money is in minor units, rates are decimal texts."""

    id: str
    kind: str
    model: str
    model_id: str
    model_version: int
    model_version_id: str
    model_sha256: str
    policy_version: int
    policy_version_id: str
    policy_sha256: str
    slot: str
    outcome: str
    score: int
    pd: float
    grade: str
    offer: Mapping[str, Any] | None
    reasons: tuple[Mapping[str, str], ...]
    codes: tuple[str, ...]
    hits: tuple[Mapping[str, Any], ...]
    trace: tuple[Mapping[str, Any], ...]
    watched: tuple[Mapping[str, Any], ...]
    input_hash: str
    output_hash: str
    engine: Mapping[str, str]
    client: str
    decided_at: datetime
    latency_us: int


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a person sent; `erased` when nothing of it can be read any more."""

    application: str
    customer: str
    inputs: Mapping[str, Any]
    request: Mapping[str, Any]
    erased: bool = False


def decision_rows(
    *,
    outcome: str = "",
    model: str = "",
    model_id: str = "",
    version_id: str = "",
    kind: str = "",
    reference: str = "",
) -> QuerySet[Decision]:
    """Decisions, newest first. `reference` is the bank's own application reference, matched whole."""
    rows = Decision.objects.select_related("model", "model_version", "policy_version").defer(
        "payload", "model_version__report", "model_version__spec", "policy_version__document"
    )
    wanted = {
        "outcome": outcome, "model__code": model, "model_id": model_id, "model_version_id": version_id, "kind": kind,
    }  # fmt: skip
    rows = rows.filter(**{name: value for name, value in wanted.items() if value})
    if reference:
        rows = rows.filter(application__in=application_ids(reference))
    return rows.order_by("-id")


def application_ids(reference: str) -> list[UUID]:
    """The application of the bank's own reference, none when its person was erased: then nothing finds it."""
    box = vault()
    index = box.blind_index("scoring.application.reference", reference)
    found = list(Application.objects.filter(reference_index=index).values_list("id", "subject"))
    erased = box.erased_ids([bytes(subject) for _id, subject in found])
    return [key for key, subject in found if bytes(subject) not in erased]


def as_view(row: Decision) -> DecisionView:
    """A row of `decision_rows` as a view; the whole answer comes from the stored row."""
    return view_of(
        row,
        model=row.model.code,
        number=row.model_version.number,
        policy=row.policy_version.number,
    )


def view_of(row: Any, *, model: str, number: int, policy: int) -> DecisionView:
    """The same of anything with a decision's columns, where code and numbers are known: no query."""
    output = row.output
    return DecisionView(
        id=str(row.id),
        kind=row.kind,
        model=model,
        model_id=str(row.model_id),
        model_version=number,
        model_version_id=str(row.model_version_id),
        model_sha256=output["versions"]["model"],
        policy_version=policy,
        policy_version_id=str(row.policy_version_id),
        policy_sha256=output["versions"]["policy"],
        slot=row.slot,
        outcome=row.outcome,
        score=row.score,
        pd=row.pd,
        grade=row.grade,
        offer=output["offer"],
        reasons=tuple(output["reasons"]),
        codes=tuple(output["codes"]),
        hits=tuple(output["hits"]),
        trace=tuple(output["trace"]),
        watched=tuple(output["watched"]),
        input_hash=row.input_hash,
        output_hash=row.output_hash,
        engine=row.engine,
        client=row.client_label,
        decided_at=row.decided_at,
        latency_us=row.latency_us,
    )


def get_decision(decision_id: str) -> DecisionView:
    """Raises `NotFound`."""
    row = decision_rows().filter(pk=decision_id).first()
    if row is None:
        raise NotFound("No such decision.")
    return as_view(row)


def list_decisions(*, limit: int = 50, before: str = "", **filters: str) -> list[DecisionView]:
    """A page of decisions older than the id `before`."""
    rows = decision_rows(**filters)
    if before:
        rows = rows.filter(pk__lt=before)
    return [as_view(row) for row in rows[:limit]]


def read_payload(row: Decision) -> dict[str, Any]:
    """What was sent, decrypted. Raises `SubjectErased`; the caller writes the read down."""
    value = SealedValue(bytes(row.application.subject), str(row.id), bytes(row.payload))
    opened = vault().decrypt_for_ids("scoring.decision", [value])[0]
    if opened is None:
        raise SubjectErased()
    return json.loads(opened)  # type: ignore[no-any-return]


def inputs_of(row: Decision) -> Inputs:
    """What was sent, or that it was erased."""
    try:
        document = read_payload(row)
    except SubjectErased:
        return Inputs("", "", {}, {}, erased=True)
    return Inputs(
        document["application"], document["customer"], document["inputs"], document["request"]
    )
