"""What a bank uses of scoring, counted from its own rows."""

from datetime import datetime

from django.db.models import Sum

from core.clock import now
from core.metering import (
    Meter,
    StandingMeter,
    exceeded,
    reached,
    register_meter,
    register_standing,
    require_at_most,
)
from core.tenancy import current_bank
from jobs.choices import OPEN_STATES
from scoring.models import BatchChunk, BatchRun, Decision, ModelRun, ModelVersion
from tenants.services import month_of


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


def waiting_batch_rows() -> int:
    """Rows of batches that were asked for and are not scored yet."""
    runs = BatchRun.objects.filter(job__state__in=OPEN_STATES)
    asked = int(runs.aggregate(n=Sum("rows"))["n"] or 0)
    done = BatchChunk.objects.filter(run__in=runs).aggregate(n=Sum("rows"))["n"] or 0
    return max(0, asked - int(done))


def open_trainings() -> int:
    """Training jobs that run or wait."""
    return ModelRun.objects.filter(job__state__in=OPEN_STATES).count()


def stored_bytes() -> int:
    """Artefacts of models and results of batches."""
    models = ModelVersion.objects.aggregate(n=Sum("artifact_bytes"))["n"] or 0
    chunks = BatchChunk.objects.aggregate(n=Sum("size_bytes"))["n"] or 0
    return int(models) + int(chunks)


def require_batch(rows: int) -> None:
    """Raise when a batch of so many rows is too large, or the month's rows do not suffice for it."""
    require_at_most("rows_per_batch", rows)
    bank = current_bank()
    limit = bank.limits.get("batch_rows")
    if limit is None:
        return
    _, begin, end = month_of(bank, now())
    used = batch_rows(begin, end) + waiting_batch_rows()
    if used + rows > limit:
        raise exceeded(bank, "batch_rows", used=used, limit=limit, asked=rows)


def require_training() -> None:
    """Raise when as many trainings as the quota allows run or wait, or the month's runs are used up."""
    bank = current_bank()
    limit = bank.limits.get("training_jobs")
    if limit is not None and (used := open_trainings()) >= limit:
        raise reached("training_jobs", used=used, limit=limit)
    limit = bank.limits.get("model_runs")
    if limit is not None:
        _, begin, end = month_of(bank, now())
        if (used := model_runs(begin, end)) >= limit:
            raise exceeded(bank, "model_runs", used=used, limit=limit)


def register_meters() -> None:
    """Called once at start-up."""
    register_meter(Meter("decisions", decisions))
    register_meter(Meter("batch_rows", batch_rows))
    register_meter(Meter("model_runs", model_runs))
    register_standing("scoring", StandingMeter("training_jobs", open_trainings))
    register_standing("scoring", StandingMeter("storage_bytes", stored_bytes))
