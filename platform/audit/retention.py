"""The audit trail as a kind of record: kept long, and never removed without a trace."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from audit.models import AuditEntry, AuditSeal
from audit.services import purge_rows
from core.retention import Held, Piece, RecordKind, Rule, Survey, register_kind


def _survey(before: datetime, held: Held) -> Survey:
    return Survey(due=AuditEntry.objects.filter(at__lt=before).count(), held=0)


def _purge(piece: Piece) -> int:
    """Sealed entries only: what the chain does not attest yet stays."""
    sealed = AuditSeal.objects.filter(stream="audit").values("row_id")
    rows = AuditEntry.objects.filter(at__lt=piece.before, id__in=sealed).order_by("id")
    ids = list(rows.values_list("id", flat=True)[: piece.limit])
    return purge_rows(table="audit_auditentry", ids=ids, reason=piece.reason, stream="audit")


def register_records() -> None:
    """Called once at start-up."""
    register_kind(
        RecordKind(
            code="audit.entry",
            label=_("Audit trail"),
            note=_(
                "A purged entry stays attested: its seal remains and a sealed tombstone names it."
            ),
            rules={
                "": Rule(3_653, 366, "house rule"),
                "CN": Rule(3_653, 1_096, "PIPL art. 56: assessments and handling records, 3 years"),
                "US": Rule(3_653, 761, "Reg B, 12 CFR 1002.12(b): 25 months; see the text"),
                "EU": Rule(3_653, 366, "house rule; AI Act art. 26(6): logs at least 6 months"),
            },
            survey=_survey,
            purge=_purge,
            order=90,
        )
    )
