"""What a bank uses of scoring, counted from its own rows."""

from datetime import datetime

from django.db.models import Sum

from core.metering import Meter, register_meter
from scoring.models import BatchChunk, Decision, ModelRun


def decisions(begin: datetime, end: datetime) -> int:
    """Decisions answered in [begin, end)."""
    return Decision.objects.filter(decided_at__gte=begin, decided_at__lt=end).count()


def batch_rows(begin: datetime, end: datetime) -> int:
    """Rows scored in batches in [begin, end)."""
    rows = BatchChunk.objects.filter(created_at__gte=begin, created_at__lt=end)
    return int(rows.aggregate(n=Sum("rows"))["n"] or 0)


def model_runs(begin: datetime, end: datetime) -> int:
    """Training runs started in [begin, end)."""
    return ModelRun.objects.filter(created_at__gte=begin, created_at__lt=end).count()


def register_meters() -> None:
    """Called once at start-up."""
    register_meter(Meter("decisions", decisions))
    register_meter(Meter("batch_rows", batch_rows))
    register_meter(Meter("model_runs", model_runs))
