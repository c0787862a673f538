"""Who may see, bring and describe data."""

from accounts import policies
from accounts.choices import BANK_ROLES, Role

VIEW = "datasets.view"
UPLOAD = "datasets.upload"
CHANGE_CONTRACT = "datasets.contract.change"
CONFIRM_CONTRACT = "datasets.contract.confirm"
VIEW_QUARANTINE = "datasets.quarantine.view"

READ_SCOPE = "datasets:read"
WRITE_SCOPE = "datasets:write"
QUARANTINE_SCOPE = "datasets:quarantine"

_BRINGERS = frozenset({Role.RISK_ANALYST, Role.ACQUISITION_MANAGER, Role.MARKETING_MANAGER})


def register_all() -> None:
    policies.register_scope(READ_SCOPE, "List datasets, their loads, contracts and quality")
    policies.register_scope(
        WRITE_SCOPE, "Create datasets, send files, change and confirm contracts"
    )
    policies.register_scope(QUARANTINE_SCOPE, "Read quarantined rows, which may hold personal data")
    policies.register(VIEW, roles=BANK_ROLES, scope=READ_SCOPE)
    policies.register(UPLOAD, roles=_BRINGERS, scope=WRITE_SCOPE)
    policies.register(CHANGE_CONTRACT, roles=_BRINGERS, scope=WRITE_SCOPE)
    policies.register(CONFIRM_CONTRACT, roles=_BRINGERS, scope=WRITE_SCOPE)
    policies.register(
        VIEW_QUARANTINE, roles={Role.RISK_ANALYST, Role.COMPLIANCE}, scope=QUARANTINE_SCOPE
    )
