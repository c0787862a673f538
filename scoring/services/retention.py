"""Decisions as a kind of record: with the inputs, the application and its outcomes; the chain keeps attesting them."""

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from audit.services import purge_rows
from core.retention import Held, Piece, RecordKind, Rule, Survey, register_kind
from scoring.models import Application, Decision, OutcomeObservation
from scoring.services.decision_seal import STREAM, TABLE
from scoring.services.erasing import KIND


def _old(before: datetime) -> QuerySet[Decision]:
    return Decision.objects.filter(decided_at__lt=before)


def _survey(before: datetime, held: Held) -> Survey:
    rows = _old(before)
    kept = rows.filter(application__subject__in=list(held.subjects))
    return Survey(rows.count(), kept.count())


def _purge(piece: Piece) -> int:
    rows = _old(piece.before).exclude(application__subject__in=list(piece.held.subjects))
    found = list(rows.order_by("id").values_list("id", "application_id")[: piece.limit])
    count = purge_rows(
        table=TABLE, ids=[key for key, _app in found], reason=piece.reason, stream=STREAM
    )
    _purge_applications(piece, {application for _key, application in found})
    return count


def _purge_applications(piece: Piece, candidates: set[UUID]) -> None:
    """Applications that no decision is left of, with what was reported about them."""
    gone = Application.objects.filter(id__in=list(candidates), decisions__isnull=True)
    ids = list(gone.values_list("id", flat=True))
    outcomes = OutcomeObservation.objects.filter(application_id__in=ids)
    told = list(outcomes.values_list("id", flat=True))
    purge_rows(table="scoring_outcomeobservation", ids=told, reason=piece.reason)
    purge_rows(table="scoring_application", ids=ids, reason=piece.reason)


def register_records() -> None:
    """Called once at start-up."""
    register_kind(
        RecordKind(
            code=KIND,
            label=_("Decisions with inputs and outcomes"),
            note=_(
                "A purged decision stays attested by its seal; its application goes with the last one."
            ),
            rules={
                "": Rule(1_827, 184, "house rule"),
                "CN": Rule(
                    1_827, 1_096, "PIPL arts 55-56: 3 years; adverse data leave after 5 years"
                ),
                "US": Rule(1_827, 761, "Reg B, 12 CFR 1002.12(b): 25 months; see the text"),
                "EU": Rule(1_827, 184, "AI Act arts 19, 26(6): logs at least 6 months"),
            },
            survey=_survey,
            purge=_purge,
            order=20,
        )
    )
