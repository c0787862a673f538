"""Logs of finished jobs as a kind of record."""

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from audit.services import purge_rows
from core.retention import Held, Piece, RecordKind, Rule, Survey, register_kind
from jobs.choices import FINAL_STATES
from jobs.models import JobLog


def _old_lines(before: datetime) -> QuerySet[JobLog]:
    return JobLog.objects.filter(created_at__lt=before, job__state__in=FINAL_STATES)


def _survey(before: datetime, held: Held) -> Survey:
    return Survey(due=_old_lines(before).count(), held=0)


def _purge(piece: Piece) -> int:
    ids = list(_old_lines(piece.before).order_by("id").values_list("id", flat=True)[: piece.limit])
    return purge_rows(table="jobs_joblog", ids=ids, reason=piece.reason)


def register_records() -> None:
    """Called once at start-up."""
    register_kind(
        RecordKind(
            code="jobs.log",
            label=_("Logs of jobs"),
            note=_("Lines of finished jobs; the jobs themselves stay."),
            rules={"": Rule(366, 30, "house rule")},
            survey=_survey,
            purge=_purge,
            order=40,
        )
    )
