from accounts.services.attempts import TooManyAttempts
from accounts.services.client_rules import ClientRules
from accounts.services.clients import (
    change_client,
    create_client,
    end_old_secrets,
    end_secret,
    revoke_client,
    rotate_secret,
)
from accounts.services.codes import (
    draft_code_device,
    enrol_code_device,
    has_factor,
    new_recovery_codes,
    prove_code,
    remove_code_device,
    same_draft,
)
from accounts.services.emergency import seal_emergency, withdraw_emergency
from accounts.services.passkeys import (
    RelyingParty,
    add_passkey,
    ask_for_passkey,
    begin_passkey,
    prove_passkey,
    remove_passkey,
)
from accounts.services.passwords import (
    change_password,
    find_reset,
    finish_reset,
    prove_password,
    request_reset,
)
from accounts.services.people import (
    accept_invitation,
    change_person,
    find_invitation,
    invite_again,
    invite_person,
    reset_factors,
)
from accounts.services.security_rules import change_rules, current_rules
from accounts.services.sign_ins import (
    begin_sign_in,
    complete_sign_in,
    end_sign_in,
    end_sign_ins,
    find_sign_in,
    is_fresh,
)

__all__ = [
    "ClientRules",
    "RelyingParty",
    "TooManyAttempts",
    "accept_invitation",
    "add_passkey",
    "ask_for_passkey",
    "begin_passkey",
    "begin_sign_in",
    "change_client",
    "change_password",
    "change_person",
    "change_rules",
    "complete_sign_in",
    "create_client",
    "current_rules",
    "draft_code_device",
    "end_old_secrets",
    "end_secret",
    "end_sign_in",
    "end_sign_ins",
    "enrol_code_device",
    "find_invitation",
    "find_reset",
    "find_sign_in",
    "finish_reset",
    "has_factor",
    "invite_again",
    "invite_person",
    "is_fresh",
    "new_recovery_codes",
    "prove_code",
    "prove_passkey",
    "prove_password",
    "remove_code_device",
    "remove_passkey",
    "request_reset",
    "reset_factors",
    "revoke_client",
    "rotate_secret",
    "same_draft",
    "seal_emergency",
    "withdraw_emergency",
]
