"""What each variable may hold at a table: declared inputs, and what earlier nodes wrote."""

from __future__ import annotations

from decimal import Decimal

from scoring.engine.policy.document import SWITCH, NodeSpec
from scoring.engine.policy.fields import NUMBER_TYPES, InputField
from scoring.engine.policy.graph import reachable
from scoring.engine.policy.regions import Domain, NotProvableError
from scoring.engine.policy.syntax import Call, Literal, Name, Node
from scoring.engine.policy.validate import Policy


class Domains:
    """Follows the nodes in evaluation order, narrowing what derived names may hold."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._inputs = {item.name: _input_domain(item) for item in policy.inputs}
        self._derived: dict[str, Domain] = {}
        self._lists: dict[str, int] = {}
        self._written: set[str] = set()
        switches = [node.id for node in policy.graph.nodes if node.type == SWITCH]
        self._below_switch = reachable(policy.graph.edges, switches)

    def of(self, variable: Node) -> tuple[Domain, str, bool]:
        """The domain of a variable, its name for people, and whether it is derived.

        Raises `NotProvableError` where nothing is known about it.
        """
        if isinstance(variable, Name):
            name = ".".join(variable.path)
            if name in self._inputs:
                return self._inputs[name], name, False
            if name in self._derived:
                return self._derived[name], name, True
            raise NotProvableError(f"nothing is known about the values of {name!r}")
        if isinstance(variable, Call) and variable.function == "len":
            listed = variable.arguments[0]
            name = ".".join(listed.path) if isinstance(listed, Name) else ""
            if name in self._lists:
                most = Decimal(self._lists[name])
                domain = Domain("number", minimum=Decimal(0), maximum=most, whole=True)
                return domain, f"len({name})", True
        raise NotProvableError("a column computes its value")

    def leave_table(self, node: NodeSpec, *, complete: bool) -> None:
        """Note what a table wrote; `complete` when it is proved to have no hole."""
        always = node.id not in self._below_switch
        if node.hit_policy == "collect":
            self._forget(node.output_path)
            if always:
                self._lists[node.output_path] = len(node.rows)
            return
        prefix = f"{node.output_path}." if node.output_path else ""
        for column in node.outputs:
            name = prefix + column.field
            first_time = name not in self._written
            self._forget(name)
            domain = self._column_domain(node, column.id)
            filled = all(row.cells.get(column.id, "").strip() for row in node.rows)
            if domain is not None and first_time:
                nullable = domain.nullable or not (complete and filled and always)
                self._derived[name] = Domain(domain.kind, nullable, values=domain.values)

    def leave(self, node: NodeSpec) -> None:
        """Forget whatever another node may have written."""
        prefix = f"{node.output_path}." if node.output_path else ""
        for line in node.assignments:
            self._forget(prefix + line.key)

    def _forget(self, name: str) -> None:
        self._written.add(name)
        self._derived.pop(name, None)
        self._lists.pop(name, None)

    def _column_domain(self, node: NodeSpec, column: str) -> Domain | None:
        """The closed list of texts, or true and false, that a column writes."""
        values: set[str] = set()
        nullable = False
        for row in node.rows:
            if not row.cells.get(column, "").strip():
                continue
            cell = self._policy.expressions[node.id, row.id, column]
            if not isinstance(cell, Literal) or isinstance(cell.value, Decimal | bool):
                return None
            if cell.value is None:
                nullable = True
            else:
                values.add(cell.value)
        return Domain("string", nullable, values=tuple(sorted(values)))


def _input_domain(item: InputField) -> Domain:
    kind = "number" if item.type in NUMBER_TYPES else item.type
    return Domain(
        kind,
        nullable=item.nullable,
        minimum=item.minimum,
        maximum=item.maximum,
        whole=item.type == "integer",
        values=item.values or None,
    )
