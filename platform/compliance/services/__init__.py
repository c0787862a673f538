"""Holding, erasing and purging: keyword-only, the acting person explicit, audited, never alone."""

from compliance.services.erasing import (
    approve_erasure,
    refuse_erasure,
    request_erasure,
)
from compliance.services.erasure_job import JOB as ERASURE_JOB
from compliance.services.holding import approve_hold, ask_lifting, lift_hold, propose_hold
from compliance.services.purging import JOB as PURGE_JOB
from compliance.services.purging import start_purge
from compliance.services.retention import set_retention
from compliance.services.schedule import TICK_SECONDS, start_due_purges
from jobs.registry import register

__all__ = [
    "TICK_SECONDS",
    "approve_erasure",
    "approve_hold",
    "ask_lifting",
    "lift_hold",
    "propose_hold",
    "refuse_erasure",
    "register_all",
    "request_erasure",
    "set_retention",
    "start_due_purges",
    "start_purge",
]


def register_all() -> None:
    """Called once at start-up."""
    register(ERASURE_JOB)
    register(PURGE_JOB)
