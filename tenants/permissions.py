"""Who may do what with banks."""

from accounts import policies
from accounts.choices import Role


def register_all() -> None:
    policies.register_scope("banks:read", "List banks and their use", operators_only=True)
    policies.register_scope(
        "banks:write", "Onboard banks, change plans, suspend and resume", operators_only=True
    )
    policies.register_scope(
        "banks:offboard", "Export banks and ask for the end of one", operators_only=True
    )
    policies.register("tenants.bank.view", roles={Role.OPERATOR}, scope="banks:read")
    policies.register(
        "tenants.usage.view",
        roles={
            Role.BANK_ADMIN,
            Role.RISK_ANALYST,
            Role.CREDIT_OFFICER,
            Role.COMPLIANCE,
            Role.OPERATOR,
        },
    )
    policies.register("tenants.bank.change", roles={Role.OPERATOR}, scope="banks:write")
    policies.register("tenants.bank.offboard", roles={Role.OPERATOR}, scope="banks:offboard")
