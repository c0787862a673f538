"""What a document must be to become a policy: structure, graph, names, declared inputs."""

from __future__ import annotations

import copy
import json
import time
from decimal import Decimal

import pytest

from scoring.engine.policy import (
    InputField,
    Limits,
    PolicyRefusedError,
    canonical_json,
    document_from_form,
    fields_from_schema,
    load_policy,
    policy_hash,
    schema_text,
    validate_document,
)

from .documents import (
    SCORE,
    chain,
    edge,
    expressions,
    node,
    one_table,
    ruled_form,
    table,
    with_cell,
    with_expression,
)


def codes(document, **kwargs):
    return {problem.code for problem in validate_document(document, **kwargs)}


def changed(path, value):
    """The simple one-table document with one place set to another value."""
    document = one_table(["score"], [("> 1", "'approve'"), ("", "'refer'")])
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return document


TABLE = ("nodes", 1, "content")


@pytest.mark.parametrize(
    "kind",
    ["functionNode", "decisionNode", "customNode", "httpNode", "", "inputnode", "InputNode",
     "decisionTable", "graphNode", "__proto__"],
)  # fmt: skip
def test_other_node_types_are_refused(kind):
    document = changed(("nodes", 1, "type"), kind)
    assert codes(document) & {"node_type", "missing_text"}


def test_a_function_node_is_refused_by_name_even_when_it_is_not_connected():
    document = one_table(["score"], [("", "'approve'")])
    document["nodes"].append(node("f", "functionNode", {"source": "export const handler = 1"}))
    problems = validate_document(document)
    assert [(p.code, p.node) for p in problems] == [("node_type", "f")]
    assert "functionNode" in problems[0].reason


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ((*TABLE, "executionMode"), "loop", "node_content"),
        ((*TABLE, "inputField"), "items", "node_content"),
        ((*TABLE, "hitPolicy"), "unique", "node_content"),
        ((*TABLE, "passThrough"), "yes", "node_content"),
        ((*TABLE, "source"), "x", "unknown_key"),
        ((*TABLE, "rules", 0, "o9"), "1", "unknown_key"),
        ((*TABLE, "rules", 0, "i0"), 5, "not_text"),
        ((*TABLE, "rules", 0, "i0"), {"a": 1}, "not_text"),
        ((*TABLE, "rules", 1, "_id"), "r0", "duplicate_id"),
        ((*TABLE, "rules"), "x", "not_a_list"),
        ((*TABLE, "rules"), ["x"], "not_a_list"),
        ((*TABLE, "outputs", 0, "id"), "i0", "duplicate_id"),
        ((*TABLE, "outputs", 0, "field"), "outcome[]", "name"),
        ((*TABLE, "outputs", 0, "field"), "score", "overwrites_input"),
        ((*TABLE, "outputs", 0, "field"), "score.x", "overwrites_input"),
        ((*TABLE, "outputs", 0, "field"), "$nodes", "name"),
        ((*TABLE, "outputs", 0, "field"), "result", "no_outcome"),
        ((*TABLE, "inputs", 0, "type"), "date", "node_content"),
        ((*TABLE, "inputs", 0, "defaultValue"), "1", "unknown_key"),
        ((*TABLE, "outputPath"), "a b", "name"),
        ((*TABLE, "hitPolicy"), "collect", "collect_path"),
        (("nodes", 0, "content"), {"schema": "{"}, "input_schema"),
        (("nodes", 0, "content"), {}, "input_schema"),
        (("nodes", 2, "content"), {"schema": "{}"}, "node_content"),
        (("nodes", 1, "id"), "in", "duplicate_id"),
        (("nodes", 1, "id"), "", "missing_text"),
        (("nodes", 1, "kind"), "x", "unknown_key"),
        (("nodes",), [], "graph_ends"),
        (("nodes",), None, "not_a_list"),
        (("edges",), {}, "not_a_list"),
        (("code",), "x", "unknown_key"),
        (("edges", 0, "sourceHandle"), "x", "edge_handle"),
        (("edges", 0, "targetId"), "nowhere", "edge_end"),
    ],
)
def test_each_departure_from_the_structure_is_named(path, value, code):
    assert code in codes(changed(path, value))


def test_column_ids_cannot_pose_as_row_keys():
    document = one_table(["score"], [("> 1", "'approve'")])
    document["nodes"][1]["content"]["inputs"][0]["id"] = "_id"
    assert "column_id" in codes(document)


def test_every_problem_is_reported_with_its_row_and_column():
    document = one_table(["score"], [("> 1 +", "'approve'"), ("", "'refer"), ("", "no_such")])
    assert [(p.row, p.column) for p in validate_document(document)] == [
        ("r0", "i0"),
        ("r1", "o0"),
        ("r2", "o0"),
    ]


# ---- graph -------------------------------------------------------------------------------------
def test_two_inputs_two_outputs_islands_and_cycles_are_refused():
    base = one_table(["score"], [("", "'approve'")])
    second = copy.deepcopy(base)
    second["nodes"].append(node("in2", "inputNode", {"schema": schema_text((SCORE,))}))
    assert codes(second) == {"graph_ends"}

    third = copy.deepcopy(base)
    third["nodes"].append(node("out2", "outputNode"))
    assert codes(third) == {"graph_ends"}

    island = copy.deepcopy(base)
    island["nodes"].append(node("x", "expressionNode", expressions(y="1")))
    assert codes(island) == {"graph_disconnected"}

    dead_end = copy.deepcopy(island)
    dead_end["edges"].append(edge("t", "x"))
    assert codes(dead_end) == {"graph_disconnected"}

    cycle = copy.deepcopy(dead_end)
    cycle["edges"].append(edge("x", "t"))
    assert codes(cycle) == {"graph_cycle"}

    doubled = copy.deepcopy(base)
    doubled["edges"].append({**edge("in", "t"), "id": "again"})
    assert codes(doubled) == {"edge_twice"}


def test_a_node_knows_only_what_ran_before_it():
    early = chain(
        node("x", "expressionNode", expressions(outcome="grade")),
        node("t", "decisionTableNode", table(["score"], ["grade"], [("", "'approve'")])),
    )
    assert codes(early) == {"expression"}
    late = chain(
        node("t", "decisionTableNode", table(["score"], ["grade"], [("", "'approve'")])),
        node("x", "expressionNode", expressions(outcome="grade")),
    )
    assert codes(late) == set()


def test_without_pass_through_earlier_names_are_gone():
    document = chain(
        node("t", "decisionTableNode", table(["score"], ["grade"], [("", "'approve'")])),
        node("x", "expressionNode", expressions(outcome="grade")),
    )
    document["nodes"][1]["content"]["passThrough"] = False
    assert codes(document) == set()
    document["nodes"][2]["content"]["expressions"][0]["value"] = "score > 1"
    assert codes(document) == {"expression"}


def test_local_names_see_earlier_lines_only():
    assert codes(chain(node("x", "expressionNode", expressions(a="1", outcome="$.a")))) == set()
    assert codes(chain(node("x", "expressionNode", expressions(outcome="$.a", a="1")))) == {
        "expression"
    }


def parallel(switch=None):
    """Two nodes that both write `outcome`, side by side, below a switch or below the input."""
    nodes = [
        node("in", "inputNode", {"schema": schema_text((SCORE,))}),
        node("a", "expressionNode", expressions(outcome="'approve'")),
        node("b", "expressionNode", expressions(outcome="'refer'")),
        node("out", "outputNode"),
    ]
    edges = [edge("a", "out"), edge("b", "out")]
    if switch is None:
        edges += [edge("in", "a"), edge("in", "b")]
    else:
        nodes.insert(1, node("s", "switchNode", switch))
        edges += [edge("in", "s"), edge("s", "a", "yes"), edge("s", "b", "no")]
    return {"nodes": nodes, "edges": edges}


def statements(*conditions, policy="first"):
    ids = ["yes", "no", "third"]
    listed = [{"id": i, "condition": c} for i, c in zip(ids, conditions, strict=False)]
    return {"hitPolicy": policy, "statements": listed}


def test_parallel_writers_of_one_name_are_refused_unless_a_switch_excludes_one():
    assert codes(parallel()) == {"racing_writers"}
    assert codes(parallel(statements("score > 600", ""))) == set()
    assert codes(parallel(statements("score > 600", "", policy="collect"))) == {"racing_writers"}


def test_a_switch_ends_with_a_default_and_every_branch_leads_somewhere():
    assert "switch_default" in codes(parallel(statements("score > 600", "score > 1")))
    assert "switch_default" in codes(parallel(statements("", "score > 1")))
    assert "switch_open" in codes(parallel(statements("score > 600", "score > 1", "")))
    assert "expression" in codes(parallel(statements("score", "")))


def test_nodes_that_rest_on_a_model_are_told_apart():
    policy = load_policy(document_from_form(ruled_form()))
    assert policy.kinds == {
        "input": "rule",
        "declines": "rule",
        "referrals": "rule",
        "cutoff": "model",
        "grade": "model",
        "price": "model",
        "decide": "model",
        "output": "rule",
    }


# ---- declared inputs ---------------------------------------------------------------------------
def test_declared_inputs_survive_the_schema():
    fields = (
        InputField("bureau.score", nullable=True, minimum=Decimal("0.5"), source="bureau"),
        InputField("flag", "boolean"),
        InputField("n", "integer", maximum=Decimal(9)),
        InputField("region", "string", values=("N", "S"), nullable=True),
    )
    assert fields_from_schema(schema_text(fields)) == fields


@pytest.mark.parametrize(
    "schema",
    [
        "[]", "1", "{}", '{"type": "object"}', '{"type": "object", "properties": {}}',
        '{"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1/x"}}}',
        '{"type": "object", "$ref": "http://127.0.0.1/x", "properties": {"a": {"type": "number"}}}',
        '{"type": "object", "properties": {"a": {"type": "array"}}}',
        '{"type": "object", "properties": {"a": {"type": ["number", "string"]}}}',
        '{"type": "object", "properties": {"a": {"type": "string", "pattern": "(a+)+$"}}}',
        '{"type": "object", "properties": {"a": {"type": "number", "enum": [1]}}}',
        '{"type": "object", "properties": {"a": {"type": "string", "enum": [1]}}}',
        '{"type": "object", "properties": {"a": {"type": "string", "minimum": 1}}}',
        '{"type": "object", "properties": {"a": {"type": "number", "minimum": "1"}}}',
        '{"type": "object", "properties": {"a b": {"type": "number"}}}',
        '{"type": "object", "properties": {"in": {"type": "number"}}}',
        '{"type": "object", "properties": {"__proto__": {"type": "number"}}}',
        '{"type": "object", "properties": {"$root": {"type": "number"}}}',
    ],
)  # fmt: skip
def test_schemas_outside_the_subset_are_refused(schema):
    with pytest.raises(PolicyRefusedError) as caught:
        fields_from_schema(schema)
    assert caught.value.problems[0].code == "input_schema"


# ---- bombs -------------------------------------------------------------------------------------
def nested(depth):
    return "[" * depth + "]" * depth


BOMBS = {
    "parentheses": lambda: with_expression("(" * 400 + "1" + ")" * 400),
    "not": lambda: with_expression("not (" * 150 + "true" + ")" * 150),
    "minus": lambda: with_expression("-(" * 300 + "1" + ")" * 300),
    "huge cell": lambda: with_cell("1, " * 1_000_000 + "1"),
    "long list": lambda: with_cell("in [" + "1," * 300 + "1]"),
    "long sum": lambda: with_expression("1" + "+1" * 450),
    "long string": lambda: with_cell("'" + "a" * 2000 + "'"),
    "long name": lambda: with_expression("a" * 5000),
    "dots": lambda: with_expression("a" + ".a" * 490),
    "many rows": lambda: one_table(["score"], [("> 1", "'refer'")] * 5000),
    "many long lists": lambda: one_table(
        ["score"], [("in [" + "1," * 180 + "1]", "'refer'")] * 1500
    ),
    "many nodes": lambda: chain(
        *(node(f"x{n}", "expressionNode", expressions(**{f"y{n}": "1"})) for n in range(500))
    ),
    "deep list": lambda: '{"nodes": ' + nested(100_000) + "}",
    "deep object": lambda: '{"a":' * 100_000 + "1" + "}" * 100_000,
    "unclosed": lambda: "[" * 1_000_000,
    "large": lambda: " " * 3_000_000,
    "digits": lambda: '{"nodes": [' + "1" * 1_000_000 + "]}",
    "deep schema": lambda: chain(inputs=(InputField(".".join("abcdefghij" * 10)),)),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_quickly(name):
    document = BOMBS[name]()
    started = time.perf_counter()
    problems = validate_document(document)
    spent = time.perf_counter() - started
    assert problems
    assert spent < 0.5


def test_the_depth_limit_admits_what_is_at_it_and_refuses_one_more():
    limits = Limits(expression_depth=5)
    assert codes(with_expression("(" * 4 + "1" + ")" * 4 + " > 0"), limits=limits) == set()
    assert codes(with_expression("(" * 5 + "1" + ")" * 5 + " > 0"), limits=limits) == {"expression"}


def test_the_row_and_cell_limits_admit_what_is_at_them():
    rows = [("> 1", "'refer'")] * 3
    assert codes(one_table(["score"], rows), limits=Limits(rows=3)) == set()
    assert codes(one_table(["score"], rows), limits=Limits(rows=2)) == {"too_many"}
    assert codes(one_table(["score"], rows), limits=Limits(cells=6)) == set()
    assert codes(one_table(["score"], rows), limits=Limits(cells=5)) == {"too_many"}
    text = sum(len(cell) for row in rows for cell in row) + len("score" + "outcome") * 2
    assert codes(one_table(["score"], rows), limits=Limits(expression_text=text)) == set()
    assert codes(one_table(["score"], rows), limits=Limits(expression_text=text - 1)) == {
        "too_long"
    }
    assert codes(with_cell("> 1"), limits=Limits(cell_length=9)) == set()
    assert codes(with_cell("> 10000000"), limits=Limits(cell_length=9)) == {"expression"}


@pytest.mark.parametrize(
    "text",
    ['{"nodes": [], "nodes": []}', '{"nodes": NaN}', '{"nodes": Infinity}', "", "null", "[]",
     '"x"', "{", b"\xff\xfe", '{"a": 1e999}'],
)  # fmt: skip
def test_text_that_is_not_one_plain_object_is_refused(text):
    assert validate_document(text)


def test_values_that_json_does_not_have_are_refused():
    assert codes({"nodes": [object()]}) == {"document_json"}
    assert codes({"nodes": float("nan")}) == {"document_json"}


# ---- canonical form ----------------------------------------------------------------------------
def test_the_hash_does_not_depend_on_key_order_or_white_space():
    document = document_from_form(ruled_form())
    shuffled = json.loads(json.dumps(document, indent=3), object_pairs_hook=_backwards)
    assert list(shuffled) != list(document)
    assert canonical_json(shuffled) == canonical_json(document)
    assert load_policy(json.dumps(document, indent=3)).hash == policy_hash(document)


def test_the_hash_changes_with_any_cell():
    document = document_from_form(ruled_form())
    before = policy_hash(document)
    document["nodes"][3]["content"]["rules"][0]["measure"] = ">= 601"
    assert policy_hash(document) != before


def test_the_hash_is_the_sha256_of_the_sorted_compact_text():
    document = {"b": "é", "a": [1, True, None]}
    assert canonical_json(document) == '{"a":[1,true,null],"b":"é"}'.encode()
    assert policy_hash(document).startswith("6eab153701ef60c9")


def _backwards(pairs):
    return dict(reversed(pairs))
