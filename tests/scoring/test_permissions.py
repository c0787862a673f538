"""Who may do what: each permission against each role and against API clients."""

import pytest

from accounts import policies
from accounts.choices import BANK_ROLES, Role
from core.actors import Actor
from scoring import permissions

A, V, O, C = Role.RISK_ANALYST, Role.MODEL_VALIDATOR, Role.CREDIT_OFFICER, Role.COMPLIANCE  # noqa: E741
HOLDERS = {
    permissions.VIEW: ({A, V, O, C}, "scoring:read"),
    permissions.TRAIN: ({A}, "scoring:train"),
    permissions.SUBMIT: ({A}, "scoring:train"),
    permissions.APPROVE: ({V}, ""),
    permissions.DEPLOY: ({O}, ""),
    permissions.POLICY_CHANGE: ({A, O}, "scoring:policy"),
    permissions.POLICY_APPROVE: ({O, V}, ""),
    permissions.DECIDE: (set(), "scoring:decide"),
    permissions.DECISION_VIEW: ({A, O, C}, "scoring:read"),
    permissions.BATCH: ({A, O}, "scoring:batch"),
    permissions.OUTCOME: ({A, O}, "scoring:outcome"),
    permissions.DEFAULT: ({O, C}, ""),
}


@pytest.mark.parametrize("code", sorted(HOLDERS))
def test_holders(code):
    roles, scope = HOLDERS[code]
    for role in BANK_ROLES:
        actor = Actor(kind="user", id="1", label="x", roles=frozenset({role}))
        assert policies.allowed(actor, code) == (role in roles), role
    for held in policies.scopes():
        client = Actor(kind="client", id="1", label="x", scopes=frozenset({held}))
        assert policies.allowed(client, code) == (held == scope), held


def test_every_permission_of_scoring_is_listed():
    assert {c for c in policies.permissions() if c.startswith("scoring.")} == set(HOLDERS)
