"""Running an admitted policy: one row or many, the same bits either way.

The document must produce, anywhere on the path to its output node: `outcome` (approve, refer or
decline), and for approvals `limit_minor` (whole number of minor units), `rate` (annual fraction,
best written as a string such as '0.085', which stays exact) and `term_months`; `grade` and `code`
are optional. A table output named `code` marks the row's reason code.

It fails towards a person: no outcome, or an approval without a usable offer, becomes *refer* with
its own code, never a silent decline or approval.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any

from zen import ZenDecisionContent, ZenEngine

from scoring.engine.policy.document import TABLE, NodeSpec, canonical_json
from scoring.engine.policy.encode import Checked, Encoder
from scoring.engine.policy.errors import InputRefusedError, PolicyFailedError
from scoring.engine.policy.result import (
    APPROVE,
    CODE_INCOMPLETE_OFFER,
    CODE_NO_RULE,
    OUTCOMES,
    REFER,
    NodeStep,
    PolicyResult,
    RuleHit,
)
from scoring.engine.policy.slices import Signature, Slices
from scoring.engine.policy.syntax import Literal
from scoring.engine.policy.validate import Policy

ENGINE_NAME = "zen-engine"
RATE_QUANTUM = Decimal("0.00000001")
"""Rates given as numbers (not strings) are rounded to this quantum, half to even."""

MAX_RATE = Decimal(10)
MAX_TERM_MONTHS = 1200
MAX_REMEMBERED = 4_096
"""Distinct cases a compiled policy keeps, about 3 kB each; further ones are run each time."""

_KEY = "policy"


class CompiledPolicy:
    """A policy made ready to run; keep it, building one costs as much as hundreds of runs.

    Cases the policy cannot tell apart (`slices.py`) share one run of the engine and one result;
    `remember` bounds how many distinct ones are kept, 0 runs the engine for every case. The answer
    is the same either way. Safe to share between threads.
    """

    def __init__(self, policy: Policy, *, remember: int = MAX_REMEMBERED) -> None:
        self.policy = policy
        self._known: dict[Signature, PolicyResult] = {}
        self._encoder = Encoder(policy.inputs)
        self._slices = Slices(policy)
        self._remember = remember if self._slices.worth_keeping else 0
        content = ZenDecisionContent(json.dumps(_runnable(policy)))
        self._engine = ZenEngine({"loader": lambda _key: content})
        self._rank = {node_id: index for index, node_id in enumerate(policy.order)}
        self._nodes = {node.id: node for node in policy.graph.nodes}
        self._rows = _row_facts(policy)

    def evaluate(self, inputs: Mapping[str, Any]) -> PolicyResult:
        """Decide one case.

        Raises `InputRefusedError` when inputs do not fit the declaration and
        `PolicyFailedError` when an expression cannot be computed (for example null + 1).
        """
        values = self._encoder.values(inputs)
        if not self._remember:
            return self._run(values)
        signature = self._slices.signature(values)
        result = self._known.get(signature)
        if result is None:
            result = self._run(values)
            if len(self._known) < self._remember:
                self._known[signature] = result
        return result

    def evaluate_many(
        self, rows: Iterable[Mapping[str, Any]]
    ) -> Iterator[PolicyResult | InputRefusedError | PolicyFailedError]:
        """Decide each row in order; a row that cannot be decided yields its error."""
        for row in rows:
            try:
                yield self.evaluate(row)
            except (InputRefusedError, PolicyFailedError) as error:
                yield error

    def _run(self, values: tuple[Checked, ...]) -> PolicyResult:
        try:
            answer = self._engine.evaluate(_KEY, self._encoder.text(values), {"trace": True})
        except RuntimeError as error:
            raise _failure(error) from error
        steps = self._steps(answer["trace"])
        return self._result(answer["result"], steps)

    # ---- reading the engine's answer --------------------------------------------------------
    def _steps(self, trace: Mapping[str, Any]) -> tuple[NodeStep, ...]:
        steps = []
        for node_id in sorted(trace, key=self._rank.__getitem__):
            node = self._nodes[node_id]
            rows, branch = _trace_data(node, trace[node_id].get("traceData"))
            kind = self.policy.kinds[node_id]
            steps.append(NodeStep(node_id, node.name, node.type, kind, rows, branch))
        return tuple(steps)

    def _hit(self, step: NodeStep, row_id: str) -> RuleHit:
        index, code, outcome = self._rows[step.node_id, row_id]
        return RuleHit(step.node_id, step.node_name, step.kind, row_id, index, code, outcome)

    def _result(self, output: Mapping[str, Any], steps: tuple[NodeStep, ...]) -> PolicyResult:
        hits = tuple(self._hit(step, row_id) for step in steps for row_id in step.rows)
        outcome = output.get("outcome")
        limit = _whole(output.get("limit_minor"), low=1)
        rate = _rate(output.get("rate"))
        term = _whole(output.get("term_months"), low=1, high=MAX_TERM_MONTHS)
        extra = ""
        if outcome not in OUTCOMES:
            outcome, extra = REFER, CODE_NO_RULE
        elif outcome == APPROVE and (limit is None or rate is None or term is None):
            outcome, extra = REFER, CODE_INCOMPLETE_OFFER
        codes = dict.fromkeys(hit.code for hit in hits if hit.code and hit.outcome in ("", outcome))
        if extra:
            codes[extra] = None
        grade = output.get("grade")
        return PolicyResult(
            outcome=outcome,
            grade=grade if isinstance(grade, str) else "",
            limit_minor=limit,
            nominal_rate=rate,
            term_months=term,
            codes=tuple(codes),
            hits=hits,
            trace=steps,
            policy_hash=self.policy.hash,
        )


def compile_policy(policy: Policy, *, remember: int = MAX_REMEMBERED) -> CompiledPolicy:
    """Make an admitted policy ready to run; see `CompiledPolicy`."""
    return CompiledPolicy(policy, remember=remember)


def evaluate(policy: Policy, inputs: Mapping[str, Any]) -> PolicyResult:
    """Decide one case without keeping the compiled form; see `CompiledPolicy.evaluate`."""
    return CompiledPolicy(policy).evaluate(inputs)


def evaluate_many(
    policy: Policy, rows: Iterable[Mapping[str, Any]]
) -> Iterator[PolicyResult | InputRefusedError | PolicyFailedError]:
    """Decide many cases; see `CompiledPolicy.evaluate_many`."""
    return CompiledPolicy(policy).evaluate_many(rows)


def _runnable(policy: Policy) -> dict[str, Any]:
    """The document as the engine runs it: without the schema, which is checked before."""
    document = json.loads(canonical_json(policy.document))
    for node in document["nodes"]:
        if node["type"] == "inputNode":
            node.pop("content", None)
    return document  # type: ignore[no-any-return]


def _row_facts(policy: Policy) -> dict[tuple[str, str], tuple[int, str, str]]:
    """Index, literal code and literal outcome of each table row."""
    found: dict[tuple[str, str], tuple[int, str, str]] = {}
    for node in policy.graph.nodes:
        if node.type != TABLE:
            continue
        columns = {column.field: column.id for column in node.outputs}
        for index, row in enumerate(node.rows):
            code, outcome = (
                _literal_text(policy, node.id, row.id, columns.get(field, ""))
                for field in ("code", "outcome")
            )
            found[node.id, row.id] = (index, code, outcome)
    return found


def _literal_text(policy: Policy, node_id: str, row_id: str, column: str) -> str:
    parsed = policy.expressions.get((node_id, row_id, column))
    if isinstance(parsed, Literal) and isinstance(parsed.value, str):
        return parsed.value
    return ""


def _trace_data(node: NodeSpec, data: Any) -> tuple[tuple[str, ...], str]:
    if node.type == TABLE and data:
        entries = data if isinstance(data, list) else [data]
        return tuple(entry["rule"]["_id"] for entry in entries), ""
    if isinstance(data, Mapping) and data.get("statements"):
        return (), ",".join(statement["id"] for statement in data["statements"])
    return (), ""


def _failure(error: RuntimeError) -> PolicyFailedError:
    """The engine's error without its stack, which is not stable between builds."""
    head = str(error).split("\n", 1)[0]
    try:
        parsed = json.loads(head)
        return PolicyFailedError(str(parsed.get("source", "")), node=str(parsed.get("nodeId", "")))
    except ValueError:
        return PolicyFailedError(head[:200])


def _whole(value: Any, *, low: int, high: int = 10**15) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if value != int(value) or not low <= value <= high:
        return None
    return int(value)


def _rate(value: Any) -> Decimal | None:
    if isinstance(value, str):
        try:
            rate = Decimal(value)
        except InvalidOperation:
            return None
    elif isinstance(value, int | float) and not isinstance(value, bool):
        rate = Decimal(repr(value)).quantize(RATE_QUANTUM, rounding=ROUND_HALF_EVEN)
    else:
        return None
    return rate if rate.is_finite() and 0 <= rate <= MAX_RATE else None
