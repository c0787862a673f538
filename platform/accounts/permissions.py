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
    policies.register(
        "accounts.client.view", roles={Role.BANK_ADMIN, Role.COMPLIANCE, Role.OPERATOR}
    )
    policies.register("accounts.client.change", roles={Role.BANK_ADMIN, Role.OPERATOR})
    policies.register("audit.view", roles={Role.BANK_ADMIN, Role.COMPLIANCE, Role.OPERATOR})
    policies.register("jobs.view", roles=BANK_ROLES | {Role.OPERATOR}, scope="jobs:read")
    policies.register(
        "jobs.control", roles=BANK_ROLES - {Role.COMPLIANCE} | {Role.OPERATOR}, scope="jobs:write"
    )
