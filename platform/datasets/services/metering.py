"""What a bank's loads take up in its storage."""

from django.db.models import Sum

from core.metering import StandingMeter, register_standing
from datasets.models import DatasetLoad


def stored_bytes() -> int:
    """Raw files in clear bytes, each once however many loads were made of it."""
    files = DatasetLoad.objects.values("raw_path", "size_bytes").distinct()
    return int(files.aggregate(n=Sum("size_bytes"))["n"] or 0)


def register_meters() -> None:
    """Called once at start-up."""
    register_standing("datasets", StandingMeter("storage_bytes", stored_bytes))
