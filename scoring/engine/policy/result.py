"""What a policy answers: outcome, offer fields, codes, and the trace that explains it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

APPROVE, REFER, DECLINE = "approve", "refer", "decline"
OUTCOMES = (APPROVE, REFER, DECLINE)
SEVERITY = {APPROVE: 0, REFER: 1, DECLINE: 2}

CODE_NO_RULE = "POLICY_NO_RULE_MATCHED"
CODE_INCOMPLETE_OFFER = "POLICY_OFFER_INCOMPLETE"


@dataclass(frozen=True, slots=True)
class RuleHit:
    """A table row that matched: where it stands, and the literal code and outcome it carries."""

    node_id: str
    node_name: str
    kind: str
    row_id: str
    row_index: int
    code: str = ""
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class NodeStep:
    """A node that ran, in evaluation order; `kind` is `rule` or `model`.

    `rows` are the ids of matching table rows, `branch` the branch a switch took.
    """

    node_id: str
    node_name: str
    node_type: str
    kind: str
    rows: tuple[str, ...] = ()
    branch: str = ""


@dataclass(frozen=True, slots=True)
class PolicyResult:
    """The answer of a policy on one set of inputs.

    `limit_minor` is in minor units of the product's currency; `nominal_rate` is an annual decimal
    fraction; `term_months` whole months. All three are None unless the policy gave them.
    `codes` are those of the rows that decided: rows that carry the final outcome, or no outcome of
    their own; in the order they were met, without repetition.
    """

    outcome: str
    grade: str
    limit_minor: int | None
    nominal_rate: Decimal | None
    term_months: int | None
    codes: tuple[str, ...]
    hits: tuple[RuleHit, ...]
    trace: tuple[NodeStep, ...]
    policy_hash: str
