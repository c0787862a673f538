"""Between the form and the JDM document.

Nodes, in order: `declines` and `referrals` (hard rules, every hit collected), `cutoff` (measure to
band), `grade` (measure to grade), `price` (grade to rate, limit, term), `decide` (outcome). The
last row of `decide` sends whatever is left to a person.
"""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

from scoring.engine.policy.document import (
    INPUT,
    OUTPUT,
    TABLE,
    Document,
    NodeSpec,
    Row,
    canonical_json,
)
from scoring.engine.policy.errors import FormMismatchError, PolicyRefusedError
from scoring.engine.policy.fields import schema_text
from scoring.engine.policy.form import (
    IGNORE,
    REFER_CODE,
    SCORE,
    GradeBand,
    HardRule,
    PolicyForm,
    Price,
    RuleValue,
    check_form,
)
from scoring.engine.policy.result import APPROVE, CODE_NO_RULE, DECLINE, REFER
from scoring.engine.policy.syntax import Binary, Cell, In, ListOf, Literal, Node
from scoring.engine.policy.validate import Policy, load_policy

_CHAIN = ("input", "declines", "referrals", "cutoff", "grade", "price", "decide", "output")
_TITLES = {
    "declines": "Hard declines",
    "referrals": "Hard referrals",
    "cutoff": "Cut-off",
    "grade": "Grade",
    "price": "Price and limit",
    "decide": "Decision",
}
_MISSING = "MISSING_"


def document_from_form(form: PolicyForm) -> dict[str, Any]:
    """The JDM document of a form, admitted by construction. Raises `PolicyRefusedError`."""
    check_form(form)
    schema = schema_text((form.measure_field, *form.inputs))
    nodes = [
        _node(0, INPUT, form.name, {"schema": schema}),
        _node(1, TABLE, "", _rules_table(form, DECLINE)),
        _node(2, TABLE, "", _rules_table(form, REFER)),
        _node(3, TABLE, "", _cutoff_table(form)),
        _node(4, TABLE, "", _grade_table(form)),
        _node(5, TABLE, "", _price_table(form)),
        _node(6, TABLE, "", _decide_table(form)),
        _node(7, OUTPUT, "Response", {}),
    ]
    edges = [
        {"id": f"{one}-{other}", "type": "edge", "sourceId": one, "targetId": other}
        for one, other in itertools.pairwise(_CHAIN)
    ]
    document = {"nodes": nodes, "edges": edges}
    load_policy(document)
    return document


def form_from_document(document: Document) -> PolicyForm:
    """The form that gives exactly this document.

    Raises `FormMismatchError` when the document says anything the form cannot show, and
    `PolicyRefusedError` when it is not admitted at all.
    """
    policy = load_policy(document)
    try:
        form = _read(policy)
        again = document_from_form(form)
    except (KeyError, IndexError, ValueError, AssertionError, PolicyRefusedError) as error:
        raise FormMismatchError("the document has not the shape of the form") from error
    if canonical_json(again) != canonical_json(document):
        raise FormMismatchError("the document says more than the form can show")
    return form


# ---- form to document ---------------------------------------------------------------------------
def _node(index: int, kind: str, name: str, content: dict[str, Any]) -> dict[str, Any]:
    node_id = _CHAIN[index]
    return {
        "id": node_id,
        "type": kind,
        "name": name or _TITLES[node_id],
        "position": {"x": 260 * index, "y": 120},
        "content": content,
    }


def _table(
    inputs: list[tuple[str, str]],
    outputs: list[str],
    rules: list[dict[str, str]],
    *,
    path: str | None = None,
) -> dict[str, Any]:
    return {
        "hitPolicy": "collect" if path else "first",
        "inputs": [{"id": key, "name": field, "field": field} for key, field in inputs],
        "outputs": [{"id": field, "name": field, "field": field} for field in outputs],
        "rules": rules,
        "passThrough": True,
        "inputField": None,
        "outputPath": path,
        "executionMode": "single",
    }


def _rules_table(form: PolicyForm, outcome: str) -> dict[str, Any]:
    nullable = {field.name for field in form.inputs if field.nullable}
    fields = list(dict.fromkeys(rule.field for rule in form.hard_rules))
    columns = [(f"in:{field}", field) for field in fields]
    rows: list[dict[str, str]] = []
    for index, rule in enumerate(form.hard_rules):
        if rule.outcome == outcome:
            cell = _rule_cell(rule, nullable=rule.field in nullable)
            rows.append(
                _rule_row(f"rule:{index}", rule.field, cell, rule.code, outcome, rule.label)
            )
    for index, rule in enumerate(form.hard_rules):
        if rule.on_missing == outcome and rule.field in nullable:
            code = _MISSING + rule.field.upper().replace(".", "_")
            rows.append(_rule_row(f"missing:{index}", rule.field, "null", code, outcome, ""))
    path = "declines" if outcome == DECLINE else "referrals"
    return _table(columns, ["code", "outcome"], rows, path=path)


def _rule_row(
    row_id: str, field: str, cell: str, code: str, outcome: str, label: str
) -> dict[str, str]:
    row = {"_id": row_id, f"in:{field}": cell, "code": _quote(code), "outcome": _quote(outcome)}
    if label:
        row["_description"] = label
    return row


def _rule_cell(rule: HardRule, *, nullable: bool) -> str:
    """The cell of a rule; `!=` and `not in` would hold for null, so null is taken out of them."""
    if isinstance(rule.value, tuple):
        items = [_literal(item) for item in rule.value]
        if nullable and rule.operator == "not in":
            items.insert(0, "null")
        return f"{rule.operator} [{', '.join(items)}]"
    guard = "!= null and " if nullable and rule.operator == "!=" else ""
    return f"{guard}{rule.operator} {_literal(rule.value)}"


def _cutoff_table(form: PolicyForm) -> dict[str, Any]:
    sign = _sign(form)
    rows = [
        {"_id": APPROVE, "measure": f"{sign} {_literal(form.approve_at)}"},
        {"_id": REFER, "measure": f"{sign} {_literal(form.refer_at)}"},
        {"_id": DECLINE, "measure": ""},
    ]
    for row in rows:
        row["band"] = _quote(row["_id"])
    if form.approve_at == form.refer_at:
        del rows[1]
    return _table([("measure", form.measure)], ["band"], rows)


def _grade_table(form: PolicyForm) -> dict[str, Any]:
    rows = []
    for band in form.grades:
        cell = "" if band.bound is None else f"{_sign(form)} {_literal(band.bound)}"
        rows.append({"_id": band.grade, "measure": cell, "grade": _quote(band.grade)})
    return _table([("measure", form.measure)], ["grade"], rows)


def _price_table(form: PolicyForm) -> dict[str, Any]:
    rows = [
        {
            "_id": price.grade,
            "in:grade": _quote(price.grade),
            "rate": _quote(f"{price.rate:f}"),
            "limit_minor": str(price.limit_minor),
            "term_months": str(price.term_months),
        }
        for price in form.prices
    ]
    return _table([("in:grade", "grade")], ["rate", "limit_minor", "term_months"], rows)


def _decide_table(form: PolicyForm) -> dict[str, Any]:
    rows = [
        {"_id": "hard-decline", "declines": "> 0", "outcome": _quote(DECLINE)},
        {"_id": "cutoff-decline", "band": _quote(DECLINE), "outcome": _quote(DECLINE),
         "code": _quote(form.decline_code)},
        {"_id": "hard-refer", "referrals": "> 0", "outcome": _quote(REFER)},
        {"_id": "cutoff-refer", "band": _quote(REFER), "outcome": _quote(REFER),
         "code": _quote(form.refer_code)},
        {"_id": "approve", "band": _quote(APPROVE), "outcome": _quote(APPROVE)},
        {"_id": "rest", "outcome": _quote(REFER), "code": _quote(CODE_NO_RULE)},
    ]  # fmt: skip
    unused = {
        "hard-decline": not _rules_table(form, DECLINE)["rules"],
        "hard-refer": not _rules_table(form, REFER)["rules"],
        "cutoff-refer": form.approve_at == form.refer_at,
    }
    rows = [row for row in rows if not unused.get(row["_id"], False)]
    columns = [("declines", "len(declines)"), ("referrals", "len(referrals)"), ("band", "band")]
    return _table(columns, ["outcome", "code"], rows)


def _sign(form: PolicyForm) -> str:
    return ">=" if form.measure == SCORE else "<="


def _literal(value: Decimal | str | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:f}" if isinstance(value, Decimal) else _quote(value)


def _quote(text: str) -> str:
    return f"'{text}'"


# ---- document to form ---------------------------------------------------------------------------
def _read(policy: Policy) -> PolicyForm:
    cutoff, grade, price, decide = (policy.node(key) for key in _CHAIN[3:7])
    measure = cutoff.inputs[0].field
    field = next(item for item in policy.inputs if item.name == measure)
    bounds = [_bound(policy, grade, row) for row in grade.rows]
    cutoffs = {row.id: _bound(policy, cutoff, row) for row in cutoff.rows}
    approve_at = cutoffs[APPROVE]
    assert approve_at is not None
    codes = {row.id: row.cells.get("code", "").strip("'") for row in decide.rows}
    return PolicyForm(
        name=policy.node("input").name,
        measure=measure,
        approve_at=approve_at,
        refer_at=cutoffs.get(REFER) or approve_at,
        grades=tuple(
            GradeBand(row.id, bound) for row, bound in zip(grade.rows, bounds, strict=True)
        ),
        prices=tuple(_price(row) for row in price.rows),
        hard_rules=_hard_rules(policy),
        inputs=tuple(item for item in policy.inputs if item.name != measure),
        minimum=field.minimum,
        maximum=field.maximum,
        decline_code=codes["cutoff-decline"],
        refer_code=codes.get("cutoff-refer", REFER_CODE),
    )


def _bound(policy: Policy, node: NodeSpec, row: Row) -> Decimal | None:
    parsed = policy.expressions[node.id, row.id, "measure"]
    if not isinstance(parsed, Binary):
        return None
    value = _value(parsed.right)
    assert isinstance(value, Decimal)
    return value


def _price(row: Row) -> Price:
    return Price(
        grade=row.id,
        rate=Decimal(row.cells["rate"].strip("'")),
        limit_minor=int(row.cells["limit_minor"]),
        term_months=int(row.cells["term_months"]),
    )


def _hard_rules(policy: Policy) -> tuple[HardRule, ...]:
    missing: dict[int, str] = {}
    rules: dict[int, HardRule] = {}
    described = _descriptions(policy.document)
    nullable = {item.name for item in policy.inputs if item.nullable}
    for node_id, outcome in (("declines", DECLINE), ("referrals", REFER)):
        node = policy.node(node_id)
        for row in node.rows:
            kind, index = row.id.split(":")
            if kind == "missing":
                missing[int(index)] = outcome
                continue
            column = next(item for item in node.inputs if row.cells.get(item.id))
            operator, value = _rule_parts(policy.expressions[node.id, row.id, column.id])
            rules[int(index)] = HardRule(
                code=row.cells["code"].strip("'"),
                field=column.field,
                operator=operator,
                value=value,
                outcome=outcome,
                label=described.get((node_id, row.id), ""),
            )
    return tuple(
        HardRule(
            code=rule.code,
            field=rule.field,
            operator=rule.operator,
            value=rule.value,
            outcome=rule.outcome,
            on_missing=missing.get(index, IGNORE if rule.field in nullable else REFER),
            label=rule.label,
        )
        for index, rule in sorted(rules.items())
    )


def _rule_parts(parsed: Node) -> tuple[str, RuleValue]:
    if isinstance(parsed, In) and parsed.operand == Cell() and isinstance(parsed.members, ListOf):
        items = [item for item in parsed.members.items if item != Literal(None)]
        values = tuple(_value(item) for item in items)
        return ("not in" if parsed.negated else "in"), values  # type: ignore[return-value]
    if isinstance(parsed, Binary) and parsed.operator == "and":
        parsed = parsed.right
    assert isinstance(parsed, Binary)
    assert parsed.left == Cell()
    return parsed.operator, _value(parsed.right)


def _value(node: Node) -> Decimal | str | bool:
    assert isinstance(node, Literal)
    assert node.value is not None
    return node.value


def _descriptions(document: Document) -> dict[tuple[str, str], str]:
    return {
        (node["id"], row["_id"]): row["_description"]
        for node in document["nodes"]
        for row in (node.get("content") or {}).get("rules", ())
        if "_description" in row
    }
