"""Reading a JDM document into frozen parts, refusing every key and type it does not know."""

from __future__ import annotations

from collections.abc import Mapping

from scoring.engine.policy.document import (
    EXPRESSION,
    HIT_POLICIES,
    INPUT,
    NODE_TYPES,
    OUTPUT,
    SWITCH,
    TABLE,
    Assignment,
    Branch,
    Column,
    Document,
    EdgeSpec,
    Graph,
    NodeSpec,
    Row,
)
from scoring.engine.policy.errors import PolicyRefusedError, Problem
from scoring.engine.policy.limits import DEFAULT_LIMITS, Limits

_TOP_KEYS = frozenset({"nodes", "edges", "contentType", "name", "description"})
_NODE_KEYS = frozenset({"id", "type", "name", "position", "content", "description"})
_EDGE_KEYS = frozenset({"id", "type", "sourceId", "targetId", "sourceHandle"})
_CONTENT_KEYS = {
    INPUT: frozenset({"schema"}),
    OUTPUT: frozenset({"schema"}),
    TABLE: frozenset(
        [
            "hitPolicy",
            "rules",
            "inputs",
            "outputs",
            "passThrough",
            "passThorough",
            "inputField",
            "outputPath",
            "executionMode",
        ]
    ),
    EXPRESSION: frozenset(
        ["expressions", "passThrough", "inputField", "outputPath", "executionMode"]
    ),
    SWITCH: frozenset({"hitPolicy", "statements"}),
}


def read_graph(document: Document, *, limits: Limits = DEFAULT_LIMITS) -> Graph:
    """Read nodes and edges, checking every key and type. Raises `PolicyRefusedError`."""
    return _Reader(limits).graph(document)


class _Reader:
    """Collects every structural problem, then raises them together."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.problems: list[Problem] = []
        self.cells = 0
        self.text_length = 0

    def graph(self, document: Document) -> Graph:
        self.keys(document, _TOP_KEYS, node="")
        raw_nodes = self.items(document, "nodes", self.limits.nodes)
        raw_edges = self.items(document, "edges", self.limits.edges)
        if self.problems:
            raise PolicyRefusedError(tuple(self.problems))
        nodes = [node for raw in raw_nodes if (node := self.node(raw)) is not None]
        edges = [self.edge(raw) for raw in raw_edges]
        for kind, ids in (("node", [n.id for n in nodes]), ("edge", [e.id for e in edges])):
            if len(set(ids)) != len(ids):
                self.add("duplicate_id", f"two parts share one {kind} id")
        if self.text_length > self.limits.expression_text:
            self.add("too_long", f"expressions exceed {self.limits.expression_text} characters")
        if self.problems:
            raise PolicyRefusedError(tuple(self.problems))
        return Graph(tuple(nodes), tuple(edges))

    def node(self, raw: Document) -> NodeSpec | None:
        node_id = self.text(raw, "id", node="")
        kind = self.text(raw, "type", node=node_id)
        if kind not in NODE_TYPES:
            self.add("node_type", f"nodes of type {kind!r} are not admitted", node=node_id)
            return None
        self.keys(raw, _NODE_KEYS, node=node_id)
        content = raw.get("content") or {}
        if not isinstance(content, Mapping):
            self.add("node_content", "content is an object", node=node_id)
            return None
        self.keys(content, _CONTENT_KEYS[kind], node=node_id)
        name = self.text(raw, "name", node=node_id)
        if kind == INPUT:
            return NodeSpec(node_id, kind, name, schema=self.optional(content, "schema", node_id))
        if kind == OUTPUT:
            if self.optional(content, "schema", node_id):
                self.add("node_content", "the output node has no schema", node=node_id)
            return NodeSpec(node_id, kind, name)
        if kind == SWITCH:
            return self.switch(node_id, name, content)
        return self.transform(node_id, kind, name, content)

    def switch(self, node_id: str, name: str, content: Document) -> NodeSpec:
        branches = []
        for raw in self.items(content, "statements", self.limits.rows, node=node_id):
            self.keys(raw, frozenset({"id", "condition", "isDefault"}), node=node_id)
            condition = self.optional(raw, "condition", node_id)
            branch_id = self.text(raw, "id", node=node_id)
            if raw.get("isDefault") and condition.strip():
                self.add("switch_default", "a default has no condition", node=node_id)
            branches.append(Branch(branch_id, condition, not condition.strip()))
        return NodeSpec(
            node_id,
            SWITCH,
            name,
            hit_policy=self.choice(content, "hitPolicy", HIT_POLICIES, node_id),
            branches=tuple(branches),
        )

    def transform(self, node_id: str, kind: str, name: str, content: Document) -> NodeSpec:
        if content.get("inputField") not in (None, ""):
            self.add("node_content", "inputField is not admitted", node=node_id)
        if content.get("executionMode", "single") not in (None, "single"):
            self.add("node_content", "executionMode is single", node=node_id)
        pass_through = content.get("passThrough", False)
        if not isinstance(pass_through, bool):
            self.add("node_content", "passThrough is true or false", node=node_id)
        path = self.optional(content, "outputPath", node_id)
        if kind == EXPRESSION:
            return NodeSpec(
                node_id,
                kind,
                name,
                pass_through=bool(pass_through),
                output_path=path,
                assignments=self.assignments(node_id, content),
            )
        inputs = self.columns(node_id, content, "inputs")
        outputs = self.columns(node_id, content, "outputs")
        known = {column.id for column in (*inputs, *outputs)}
        if any(column.startswith("_") for column in known):
            self.add("column_id", "column ids do not start with '_'", node=node_id)
        if len(known) != len(inputs) + len(outputs):
            self.add("duplicate_id", "two columns share one id", node=node_id)
        return NodeSpec(
            node_id,
            kind,
            name,
            hit_policy=self.choice(content, "hitPolicy", HIT_POLICIES, node_id),
            pass_through=bool(pass_through),
            output_path=path,
            inputs=inputs,
            outputs=outputs,
            rows=self.rows(node_id, content, known),
        )

    def assignments(self, node_id: str, content: Document) -> tuple[Assignment, ...]:
        lines = []
        for raw in self.items(content, "expressions", self.limits.expressions, node=node_id):
            self.keys(raw, frozenset({"id", "key", "value"}), node=node_id)
            parts = (self.text(raw, key, node=node_id) for key in ("id", "key", "value"))
            lines.append(Assignment(*parts))
        return tuple(lines)

    def columns(self, node_id: str, content: Document, key: str) -> tuple[Column, ...]:
        columns = []
        for raw in self.items(content, key, self.limits.columns, node=node_id):
            self.keys(raw, frozenset({"id", "name", "field", "type"}), node=node_id)
            if raw.get("type", "expression") != "expression":
                self.add("node_content", "columns are of type expression", node=node_id)
            column_id = self.text(raw, "id", node=node_id)
            field = self.optional(raw, "field", node_id)
            columns.append(Column(column_id, self.optional(raw, "name", node_id), field))
        return tuple(columns)

    def rows(self, node_id: str, content: Document, known: set[str]) -> tuple[Row, ...]:
        rows: list[Row] = []
        listed = self.items(content, "rules", self.limits.rows, node=node_id)
        self.cells += len(listed) * len(known)
        if self.cells > self.limits.cells:
            self.add("too_many", f"more than {self.limits.cells} cells in all", node=node_id)
            return ()
        for raw in listed:
            row_id = self.text(raw, "_id", node=node_id)
            self.keys(raw, frozenset({"_id", "_description", *known}), node=node_id, row=row_id)
            cells = {}
            for column in known & set(raw):
                cells[column] = self.optional(raw, column, node_id, row=row_id)
            rows.append(Row(row_id, cells))
        ids = [row.id for row in rows]
        if len(set(ids)) != len(ids):
            self.add("duplicate_id", "two rows share one id", node=node_id)
        return tuple(rows)

    def edge(self, raw: Document) -> EdgeSpec:
        self.keys(raw, _EDGE_KEYS, node="")
        return EdgeSpec(
            id=self.text(raw, "id", node=""),
            source=self.text(raw, "sourceId", node=""),
            target=self.text(raw, "targetId", node=""),
            handle=self.optional(raw, "sourceHandle", ""),
        )

    # ---- primitives -------------------------------------------------------------------------
    def add(
        self, code: str, reason: str, *, node: str = "", row: str = "", column: str = ""
    ) -> None:
        self.problems.append(Problem(code, reason, node=node, row=row, column=column))

    def keys(self, raw: Document, known: frozenset[str], *, node: str, row: str = "") -> None:
        for key in raw:
            if key not in known:
                self.add(
                    "unknown_key", f"key {str(key)[:60]!r} is not admitted", node=node, row=row
                )

    def text(self, raw: Document, key: str, *, node: str) -> str:
        value = raw.get(key)
        if not isinstance(value, str) or not value:
            self.add("missing_text", f"{key} is a non-empty string", node=node)
            return ""
        return self.bounded(value, key, node)

    def optional(self, raw: Document, key: str, node: str, *, row: str = "") -> str:
        value = raw.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.add("not_text", f"{key} is a string", node=node, row=row, column=key)
            return ""
        if key != "schema":
            self.text_length += len(value)
        return value

    def bounded(self, value: str, key: str, node: str) -> str:
        limit = self.limits.cell_length if key == "value" else self.limits.name_length
        self.text_length += len(value) if key == "value" else 0
        if len(value) > limit:
            self.add("too_long", f"{key} is longer than {limit} characters", node=node)
            return value[:limit]
        return value

    def choice(self, raw: Document, key: str, allowed: tuple[str, ...], node: str) -> str:
        value = raw.get(key, allowed[0])
        if value not in allowed:
            self.add("node_content", f"{key} is one of {allowed}", node=node)
            return allowed[0]
        return str(value)

    def items(self, raw: Document, key: str, limit: int, *, node: str = "") -> list[Document]:
        value = raw.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
            self.add("not_a_list", f"{key} is a list of objects", node=node)
            return []
        if len(value) > limit:
            self.add("too_many", f"{key} has more than {limit} entries", node=node)
            return []
        return value
