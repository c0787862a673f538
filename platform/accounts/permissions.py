"""Who may do what with people, clients, jobs and the audit trail."""

from accounts import policies
from accounts.choices import BANK_ROLES, Role


def register_all() -> None:
    policies.register_scope("jobs:read", "Read the progress of jobs")
    policies.register_scope("jobs:write", "Cancel and resume jobs")
    policies.register("accounts.user.view", roles={Role.BANK_ADMIN, Role.COMPLIANCE, Role.OPERATOR})
    policies.register("accounts.user.change", roles={Role.BANK_ADMIN, Role.OPERATOR})
    policies.register("accounts.rules.change", roles={Role.BANK_ADMIN, Role.OPERATOR})
    policies.register("accounts.emergency.change", roles={Role.BANK_ADMIN})
    policies.register_scope("clients:read", "Read API clients and their rules")
    policies.register_scope(
        "clients:write",
        "Create, change and revoke API clients that have no other scopes than the caller",
    )
    policies.register(
        "accounts.client.view",
        roles={Role.BANK_ADMIN, Role.COMPLIANCE, Role.OPERATOR},
        scope="clients:read",
    )
    policies.register(
        "accounts.client.change", roles={Role.BANK_ADMIN, Role.OPERATOR}, scope="clients:write"
    )
    policies.register("audit.view", roles={Role.BANK_ADMIN, Role.COMPLIANCE, Role.OPERATOR})
    policies.register("jobs.view", roles=BANK_ROLES | {Role.OPERATOR}, scope="jobs:read")
    policies.register(
        "jobs.control", roles=BANK_ROLES - {Role.COMPLIANCE} | {Role.OPERATOR}, scope="jobs:write"
    )
