"""Admission of a JDM document: structure, graph, every expression, every name.

`load_policy` is the only way to a `Policy`; it runs on save, on import and on every load.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations

from scoring.engine.policy.document import (
    EXPRESSION,
    INPUT,
    SWITCH,
    TABLE,
    Document,
    Graph,
    NodeSpec,
    canonical_json,
    load_json,
    policy_hash,
)
from scoring.engine.policy.errors import (
    ExpressionRefusedError,
    PolicyRefusedError,
    Problem,
)
from scoring.engine.policy.fields import (
    MODEL_SOURCE,
    NUMBER_TYPES,
    InputField,
    fields_from_schema,
)
from scoring.engine.policy.grammar import parse_cell, parse_expression, parse_name
from scoring.engine.policy.graph import Precedence, graph_problems, topological
from scoring.engine.policy.limits import DEFAULT_LIMITS, Limits
from scoring.engine.policy.read_document import read_graph
from scoring.engine.policy.syntax import Name, Node, names_in
from scoring.engine.policy.typing_rules import (
    ANY,
    BOOLEAN,
    LIST,
    NUMBER,
    STRING,
    Lookup,
    type_of,
)

OUTCOME = "outcome"
RULE, MODEL = "rule", "model"


@dataclass(frozen=True, slots=True)
class Policy:
    """An admitted policy.

    `hash` is the SHA-256 of the canonical document; `order` the nodes in evaluation order;
    `kinds` says for each node id whether it is a `rule` or rests on a `model`;
    `expressions` holds the parsed form by (node, row, column).
    """

    document: Document
    hash: str
    graph: Graph
    inputs: tuple[InputField, ...]
    order: tuple[str, ...]
    kinds: Mapping[str, str]
    expressions: Mapping[tuple[str, str, str], Node] = field(repr=False)

    def node(self, node_id: str) -> NodeSpec:
        """The node with this id. Raises KeyError."""
        for node in self.graph.nodes:
            if node.id == node_id:
                return node
        raise KeyError(node_id)


def load_policy(source: str | bytes | Document, *, limits: Limits = DEFAULT_LIMITS) -> Policy:
    """Admit a document given as JSON text or as parsed JSON.

    Raises `PolicyRefusedError` with every problem found in the first stage that fails
    (JSON, structure, graph, then expressions and names).
    """
    text = source if isinstance(source, str | bytes) else _dump(source)
    document = load_json(text, limits=limits)
    graph = read_graph(document, limits=limits)
    problems = graph_problems(graph)
    if problems:
        raise PolicyRefusedError(tuple(problems))
    entry = next(node for node in graph.nodes if node.type == INPUT)
    inputs = fields_from_schema(entry.schema, limits=limits)
    checker = _Checker(graph, inputs, limits)
    checker.run()
    if checker.problems:
        raise PolicyRefusedError(tuple(checker.problems))
    return Policy(
        document=document,
        hash=policy_hash(document),
        graph=graph,
        inputs=inputs,
        order=checker.order,
        kinds=checker.kinds,
        expressions=checker.expressions,
    )


def validate_document(
    source: str | bytes | Document, *, limits: Limits = DEFAULT_LIMITS
) -> tuple[Problem, ...]:
    """The problems of a document, empty when it would be admitted."""
    try:
        load_policy(source, limits=limits)
    except PolicyRefusedError as error:
        return error.problems
    return ()


@dataclass
class _Scope:
    """What is known on leaving a node: the type of each name, and which rest on a model."""

    types: dict[str, str]
    model: set[str]


class _Checker:
    """Walks the nodes in order, carrying the names each can see."""

    def __init__(self, graph: Graph, inputs: tuple[InputField, ...], limits: Limits) -> None:
        self.graph = graph
        self.inputs = inputs
        self.limits = limits
        self.order = topological(graph) or ()
        self.kinds: dict[str, str] = {}
        self.expressions: dict[tuple[str, str, str], Node] = {}
        self.problems: list[Problem] = []
        self.after: dict[str, _Scope] = {}
        self.writers: dict[str, list[str]] = {}

    def run(self) -> None:
        nodes = {node.id: node for node in self.graph.nodes}
        for node_id in self.order:
            node = nodes[node_id]
            before = self.before(node)
            self.after[node_id] = self.visit(node, before)
        self.check_writers()
        exit_scope = self.after[self.order[-1]]
        if not self.problems and OUTCOME not in exit_scope.types:
            self.problems.append(Problem("no_outcome", f"no node gives {OUTCOME!r}"))

    def before(self, node: NodeSpec) -> _Scope:
        types: dict[str, str] = {}
        model: set[str] = set()
        for edge in self.graph.edges:
            if edge.target != node.id:
                continue
            scope = self.after[edge.source]
            for name, kind in scope.types.items():
                types[name] = kind if types.get(name, kind) == kind else ANY
            model |= scope.model
        return _Scope(types, model)

    def visit(self, node: NodeSpec, before: _Scope) -> _Scope:
        self.kinds[node.id] = RULE
        if node.type == INPUT:
            types = {item.name: _input_type(item) for item in self.inputs}
            model = {item.name for item in self.inputs if item.source == MODEL_SOURCE}
            return _Scope(types, model)
        if node.type == SWITCH:
            self.switch(node, before)
            return before
        if node.type == EXPRESSION:
            return self.leave(node, before, self.assignments(node, before))
        if node.type == TABLE:
            return self.leave(node, before, self.table(node, before))
        return before

    def leave(self, node: NodeSpec, before: _Scope, written: dict[str, str]) -> _Scope:
        kept = (
            _Scope(dict(before.types), set(before.model))
            if node.pass_through
            else _Scope({}, set())
        )
        if node.output_path:
            path = self.name(node, node.output_path, row="", column="outputPath")
            listed = node.type == TABLE and node.hit_policy == "collect"
            inner = {} if listed else {f"{path}.{key}": kind for key, kind in written.items()}
            written = {path: LIST, **inner} if listed else inner
        elif node.type == TABLE and node.hit_policy == "collect":
            self.add("collect_path", "a collect table needs an outputPath", node)
        declared = {item.name for item in self.inputs}
        for name in written:
            for other in declared:
                if name == other or name.startswith(f"{other}.") or other.startswith(f"{name}."):
                    self.add("overwrites_input", f"{name!r} would overwrite an input", node)
            self.writers.setdefault(name, []).append(node.id)
        kept.types.update(written)
        kept.model -= set(written)
        if self.kinds[node.id] == MODEL:
            kept.model |= set(written)
        return kept

    # ---- node types -------------------------------------------------------------------------
    def switch(self, node: NodeSpec, before: _Scope) -> None:
        defaults = [branch for branch in node.branches if branch.default]
        if len(defaults) != 1 or not node.branches[-1].default:
            self.add("switch_default", "a switch ends with its one default branch", node)
        handles = {edge.handle for edge in self.graph.edges if edge.source == node.id}
        for branch in node.branches:
            if branch.id not in handles:
                self.add("switch_open", "the branch leads nowhere", node, row=branch.id)
            if not branch.default:
                self.standard(
                    node,
                    branch.condition,
                    before,
                    row=branch.id,
                    column="condition",
                    wanted=BOOLEAN,
                )

    def assignments(self, node: NodeSpec, before: _Scope) -> dict[str, str]:
        written: dict[str, str] = {}
        if not node.assignments:
            self.add("empty_node", "the node has no expressions", node)
        for line in node.assignments:
            key = self.name(node, line.key, row=line.id, column="key")
            if key in written:
                self.add("key_twice", f"{key!r} is written twice", node, row=line.id)
            written[key] = self.standard(
                node, line.value, before, row=line.id, column="value", local=written
            )
        return written

    def table(self, node: NodeSpec, before: _Scope) -> dict[str, str]:
        written: dict[str, str] = {}
        if not node.outputs:
            self.add("empty_node", "the table has no output column", node)
        cell_types = {
            column.id: self.standard(node, column.field, before, row="", column=column.id)
            for column in node.inputs
            if column.field.strip()
        }
        for row in node.rows:
            for column in node.inputs:
                text = row.cells.get(column.id, "")
                if column.id in cell_types:
                    self.cell(node, text, before, row.id, column.id, cell_types[column.id])
                elif text.strip():
                    self.standard(node, text, before, row=row.id, column=column.id, wanted=BOOLEAN)
        for column in node.outputs:
            key = self.name(node, column.field, row="", column=column.id)
            if key in written:
                self.add("key_twice", f"{key!r} is written twice", node, column=column.id)
            kinds = {
                self.standard(node, row.cells[column.id], before, row=row.id, column=column.id)
                for row in node.rows
                if row.cells.get(column.id, "").strip()
            }
            written[key] = kinds.pop() if len(kinds) == 1 else ANY
        return written

    # ---- expressions ------------------------------------------------------------------------
    def standard(
        self,
        node: NodeSpec,
        text: str,
        before: _Scope,
        *,
        row: str,
        column: str,
        wanted: str = ANY,
        local: dict[str, str] | None = None,
    ) -> str:
        try:
            parsed = parse_expression(text, limits=self.limits, local=local is not None)
            self.read(node, parsed, before)
            found = type_of(parsed, lookup=_lookup(before, local))
            if wanted not in (ANY, found) and found != ANY:
                raise ExpressionRefusedError(f"expected a {wanted}, not a {found}")
        except ExpressionRefusedError as error:
            self.add("expression", str(error), node, row=row, column=column)
            return ANY
        self.expressions[node.id, row, column] = parsed
        return found

    def cell(
        self, node: NodeSpec, text: str, before: _Scope, row: str, column: str, kind: str
    ) -> None:
        try:
            parsed = parse_cell(text, limits=self.limits)
            self.read(node, parsed, before)
            found = type_of(parsed, lookup=_lookup(before, None), cell=kind)
            if found not in (BOOLEAN, ANY):
                raise ExpressionRefusedError(f"a cell is a test, not a {found}")
        except ExpressionRefusedError as error:
            self.add("expression", str(error), node, row=row, column=column)
            return
        self.expressions[node.id, row, column] = parsed

    def read(self, node: NodeSpec, parsed: Node, before: _Scope) -> None:
        if any(".".join(name.path) in before.model for name in names_in(parsed)):
            self.kinds[node.id] = MODEL

    def name(self, node: NodeSpec, text: str, *, row: str, column: str) -> str:
        try:
            return ".".join(parse_name(text, limits=self.limits))
        except ExpressionRefusedError as error:
            self.add("name", str(error), node, row=row, column=column)
            return text

    def check_writers(self) -> None:
        """Two nodes that may both run must not write one name in no fixed order."""
        precedence = Precedence(self.graph)
        for name, writers in self.writers.items():
            for one, other in combinations(writers, 2):
                if not precedence.settled(one, other):
                    reason = f"{name!r} is also written by {one!r}, in no fixed order"
                    self.problems.append(Problem("racing_writers", reason, node=other))
                    break

    def add(
        self, code: str, reason: str, node: NodeSpec, *, row: str = "", column: str = ""
    ) -> None:
        self.problems.append(Problem(code, reason, node=node.id, row=row, column=column))


def _lookup(before: _Scope, local: dict[str, str] | None) -> Lookup:
    def lookup(name: Name) -> str:
        key = ".".join(name.path)
        known = (local or {}) if name.local else before.types
        if key not in known:
            raise ExpressionRefusedError(f"{key!r} is not a declared input nor computed before")
        return known[key]

    return lookup


def _input_type(item: InputField) -> str:
    if item.type in NUMBER_TYPES:
        return NUMBER
    return STRING if item.type == "string" else BOOLEAN


def _dump(document: Document) -> bytes:
    try:
        return canonical_json(document)
    except (TypeError, ValueError, RecursionError) as error:
        reason = f"not plain JSON: {type(error).__name__}"
        raise PolicyRefusedError((Problem("document_json", reason),)) from error
