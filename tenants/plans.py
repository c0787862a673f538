"""The plans a fresh platform starts with; operators change them afterwards."""

from tenants.choices import Module
from tenants.models import Plan

DEFAULT_PLANS = {
    "full": (
        "Full",
        list(Module.values),
        {
            "decisions": 10_000_000,
            "batch_rows": 500_000_000,
            "rows_per_batch": 50_000_000,
            "storage_bytes": 500 * 1024**3,
            "training_jobs": 20,
            "people": 500,
            "api_clients": 100,
        },
    ),
    "risk": (
        "Risk only",
        [Module.SCORING.value],
        {
            "decisions": 2_000_000,
            "batch_rows": 100_000_000,
            "rows_per_batch": 10_000_000,
            "storage_bytes": 100 * 1024**3,
            "training_jobs": 10,
            "people": 100,
            "api_clients": 20,
        },
    ),
}


def ensure_default_plans() -> None:
    """Create the default plans where their codes are free."""
    for code, (name, modules, quotas) in DEFAULT_PLANS.items():
        Plan.objects.get_or_create(
            code=code,
            defaults={
                "name": name,
                "modules": modules,
                "quotas": quotas,
                "rate_limits": {"api": 600_000},
            },
        )
