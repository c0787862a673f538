"""Who may hold, erase and purge. Systems may ask; only people decide, and never alone."""

from accounts import policies
from accounts.choices import Role

VIEW = "compliance.view"
HOLD = "compliance.hold"
ERASE = "compliance.erase"
# The second person of an erasure or a hold.
APPROVE = "compliance.approve"
RETENTION = "compliance.retention"

READ_SCOPE = "compliance:read"
WRITE_SCOPE = "compliance:write"


def register_all() -> None:
    """Called once at start-up."""
    policies.register_scope(READ_SCOPE, "Read legal holds, erasures and purge reports")
    policies.register_scope(WRITE_SCOPE, "Propose legal holds and ask for a person's erasure")
    people = {Role.COMPLIANCE, Role.BANK_ADMIN}
    policies.register(VIEW, roles=people, scope=READ_SCOPE)
    policies.register(HOLD, roles={Role.COMPLIANCE}, scope=WRITE_SCOPE)
    policies.register(ERASE, roles={Role.COMPLIANCE}, scope=WRITE_SCOPE)
    policies.register(APPROVE, roles=people)
    policies.register(RETENTION, roles={Role.COMPLIANCE})
