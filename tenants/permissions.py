"""Who may do what with banks."""

from accounts import policies
from accounts.choices import Role


def register_all() -> None:
    policies.register_scope("banks:read", "List banks and their use", operators_only=True)
    policies.register_scope(
        "banks:write", "Onboard banks, change plans, suspend and resume", operators_only=True
    )
    policies.register("tenants.bank.view", roles={Role.OPERATOR}, scope="banks:read")
    policies.register("tenants.bank.change", roles={Role.OPERATOR}, scope="banks:write")
