"""Who may do what in scoring. People approve; API clients never do."""

from accounts import policies
from accounts.choices import Role

VIEW = "scoring.view"
TRAIN = "scoring.train"
SUBMIT = "scoring.submit"
APPROVE = "scoring.approve"
DEPLOY = "scoring.deploy"
POLICY_CHANGE = "scoring.policy.change"
POLICY_APPROVE = "scoring.policy.approve"
DECIDE = "scoring.decide"
DECISION_VIEW = "scoring.decision.view"
BATCH = "scoring.batch"
OUTCOME = "scoring.outcome"
DEFAULT = "scoring.default.change"

_SCOPES = {
    "scoring:read": "Read models, policies, decisions and batches",
    "scoring:train": "Start model runs and submit versions for review",
    "scoring:policy": "Write policy drafts",
    "scoring:decide": "Ask for decisions",
    "scoring:batch": "Score whole datasets",
    "scoring:outcome": "Report what became of applications",
}


def register_all() -> None:
    """Called once at start-up."""
    analyst, officer = Role.RISK_ANALYST, Role.CREDIT_OFFICER
    validator, compliance = Role.MODEL_VALIDATOR, Role.COMPLIANCE
    for scope, description in _SCOPES.items():
        policies.register_scope(scope, description)
    policies.register(VIEW, roles={analyst, validator, officer, compliance}, scope="scoring:read")
    policies.register(TRAIN, roles={analyst}, scope="scoring:train")
    policies.register(SUBMIT, roles={analyst}, scope="scoring:train")
    policies.register(APPROVE, roles={validator})
    policies.register(DEPLOY, roles={officer})
    policies.register(POLICY_CHANGE, roles={analyst, officer}, scope="scoring:policy")
    policies.register(POLICY_APPROVE, roles={officer, validator})
    policies.register(DECIDE, roles=(), scope="scoring:decide")
    policies.register(DECISION_VIEW, roles={officer, compliance, analyst}, scope="scoring:read")
    policies.register(BATCH, roles={analyst, officer}, scope="scoring:batch")
    policies.register(OUTCOME, roles={analyst, officer}, scope="scoring:outcome")
    policies.register(DEFAULT, roles={officer, compliance})
