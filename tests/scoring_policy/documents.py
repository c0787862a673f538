"""Small JDM documents to test with."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from scoring.engine.policy import HardRule, InputField, PolicyForm, default_form, schema_text

SCORE = InputField("score", minimum=Decimal(300), maximum=Decimal(850), source="model")


def node(node_id: str, kind: str, content: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "id": node_id,
        "type": kind,
        "name": node_id.title(),
        "position": {"x": 0, "y": 0},
        "content": content or {},
    }


def edge(source: str, target: str, handle: str = "") -> dict[str, Any]:
    found = {
        "id": f"{source}>{target}{handle}",
        "type": "edge",
        "sourceId": source,
        "targetId": target,
    }
    return {**found, "sourceHandle": handle} if handle else found


def table(
    columns: Sequence[str],
    outputs: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    path: str | None = None,
    policy: str = "first",
) -> dict[str, Any]:
    """Rows are cells in the order of columns, then outputs; row ids are r0, r1, ..."""
    keys = [f"i{n}" for n in range(len(columns))] + [f"o{n}" for n in range(len(outputs))]
    return {
        "hitPolicy": policy,
        "inputs": [{"id": f"i{n}", "name": f, "field": f} for n, f in enumerate(columns)],
        "outputs": [{"id": f"o{n}", "name": f, "field": f} for n, f in enumerate(outputs)],
        "rules": [
            {"_id": f"r{n}", **dict(zip(keys, cells, strict=True))} for n, cells in enumerate(rows)
        ],
        "passThrough": True,
        "inputField": None,
        "outputPath": path,
        "executionMode": "single",
    }


def expressions(**lines: str) -> dict[str, Any]:
    return {
        "expressions": [{"id": key, "key": key, "value": text} for key, text in lines.items()],
        "passThrough": True,
        "inputField": None,
        "outputPath": None,
        "executionMode": "single",
    }


def chain(*inner: dict[str, Any], inputs: tuple[InputField, ...] = (SCORE,)) -> dict[str, Any]:
    """input -> inner nodes in order -> output."""
    nodes = [node("in", "inputNode", {"schema": schema_text(inputs)}), *inner]
    nodes.append(node("out", "outputNode"))
    edges = [edge(a["id"], b["id"]) for a, b in itertools.pairwise(nodes)]
    return {"nodes": nodes, "edges": edges}


def one_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    inputs: tuple[InputField, ...] = (SCORE,),
    outputs: Sequence[str] = ("outcome",),
) -> dict[str, Any]:
    return chain(node("t", "decisionTableNode", table(columns, outputs, rows)), inputs=inputs)


def with_cell(cell: str, *, inputs: tuple[InputField, ...] = (SCORE,)) -> dict[str, Any]:
    return one_table(["score"], [(cell, "'approve'")], inputs=inputs)


def with_expression(text: str, *, inputs: tuple[InputField, ...] = (SCORE,)) -> dict[str, Any]:
    return chain(node("x", "expressionNode", expressions(outcome=text)), inputs=inputs)


def loan_form(**changes: Any) -> PolicyForm:
    """Five grades on a score from 300 to 850; approve from 600, refer from 560."""
    form = default_form(
        name="Consumer loan",
        measure="score",
        boundaries=[
            ("A", Decimal(720)),
            ("B", Decimal(660)),
            ("C", Decimal(600)),
            ("D", Decimal(560)),
            ("E", None),
        ],
        best_rate=Decimal("0.06"),
        worst_rate=Decimal("0.24"),
        best_limit_minor=20_000_000,
        worst_limit_minor=500_000,
        limit_step_minor=100_000,
        term_months=12,
        minimum=Decimal(300),
        maximum=Decimal(850),
    )
    values = {name: getattr(form, name) for name in PolicyForm.__dataclass_fields__}
    return PolicyForm(**{**values, **changes})


RULE_INPUTS = (
    InputField("age", "integer", minimum=Decimal(0), maximum=Decimal(130)),
    InputField("delinquencies", nullable=True, minimum=Decimal(0)),
    InputField("region", "string", values=("N", "S"), nullable=True),
)
RULES = (
    HardRule("UNDER_AGE", "age", "<", Decimal(18), label="Minors"),
    HardRule("DELINQUENT", "delinquencies", ">=", Decimal(3)),
    HardRule("REGION", "region", "in", ("S",), outcome="refer", on_missing="ignore"),
)


def ruled_form(**changes: Any) -> PolicyForm:
    return loan_form(inputs=RULE_INPUTS, hard_rules=RULES, **changes)


def good(**changes: Any) -> dict[str, Any]:
    """A case that passes every rule of `ruled_form`."""
    return {"score": 640, "age": 30, "delinquencies": 0, "region": "N", **changes}
