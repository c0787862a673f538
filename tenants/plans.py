"""The plans a fresh platform starts with; operators change them afterwards."""

from tenants.choices import Module
from tenants.models import Plan

DEFAULT_PLANS = {
    "full": ("Full", list(Module.values), {"decisions": 10_000_000, "batch_rows": 500_000_000}),
    "risk": (
        "Risk only",
        [Module.SCORING.value],
        {"decisions": 2_000_000, "batch_rows": 100_000_000},
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
