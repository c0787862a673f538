"""Everything that changes scoring, and asking for decisions."""

from jobs import registry
from scoring.services.batch_results import Results, batch_results
from scoring.services.batches import JOB as BATCH_JOB
from scoring.services.batches import run_batch, start_batch
from scoring.services.calls import Call, new_call
from scoring.services.deciding import Decided, decide_applications
from scoring.services.decision_seal import register_decisions
from scoring.services.deploying import deploy_policy, deploy_version, withdraw_deployment
from scoring.services.erasing import register_person
from scoring.services.metering import register_meters
from scoring.services.outcomes import OutcomeIn, report_outcomes, set_default_definition
from scoring.services.policies import (
    approve_policy,
    check_policy,
    preview_policy,
    reject_policy,
    retire_policy,
    save_policy_version,
    submit_policy,
)
from scoring.services.policy_forms import form_of
from scoring.services.replaying import Replay, replay_decision
from scoring.services.retention import register_records
from scoring.services.revealing import reveal_inputs
from scoring.services.training import JOB as TRAIN_JOB
from scoring.services.training import create_model, run_training, start_model_run
from scoring.services.versions import (
    approve_version,
    reject_version,
    retire_version,
    submit_for_review,
)

__all__ = [
    "Call",
    "Decided",
    "OutcomeIn",
    "Replay",
    "Results",
    "approve_policy",
    "approve_version",
    "batch_results",
    "check_policy",
    "create_model",
    "decide_applications",
    "deploy_policy",
    "deploy_version",
    "form_of",
    "new_call",
    "preview_policy",
    "register_decisions",
    "register_jobs",
    "register_meters",
    "register_person",
    "register_records",
    "reject_policy",
    "reject_version",
    "replay_decision",
    "report_outcomes",
    "retire_policy",
    "retire_version",
    "reveal_inputs",
    "run_batch",
    "run_training",
    "save_policy_version",
    "set_default_definition",
    "start_batch",
    "start_model_run",
    "submit_for_review",
    "submit_policy",
    "withdraw_deployment",
]


def register_jobs() -> None:
    """Called once at start-up."""
    registry.register(TRAIN_JOB)
    registry.register(BATCH_JOB)
