"""Which inputs a policy can tell apart: the key under which equal cases share one run.

An input that is only ever compared with literals matters by where it lies among them. Any other
use (in an output, in arithmetic, against another name) makes its exact value matter.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from decimal import Decimal
from typing import TypeAlias

from scoring.engine.policy.document import EXPRESSION, TABLE
from scoring.engine.policy.encode import Checked
from scoring.engine.policy.fields import NUMBER_TYPES, InputField
from scoring.engine.policy.regions import NotProvableError, literals_against
from scoring.engine.policy.syntax import Cell, Name, Node, names_in
from scoring.engine.policy.validate import Policy

Signature: TypeAlias = tuple[int | Checked, ...]

_OTHER = -2
_NULL = -1


class Slices:
    """Computes signatures of checked values: equal signatures, equal results."""

    def __init__(self, policy: Policy) -> None:
        usage = _Usage(policy)
        self._slicers = tuple(usage.slicer(item) for item in policy.inputs)
        self.worth_keeping = not any(
            item.name in usage.exact and item.type != "boolean" for item in policy.inputs
        )

    def signature(self, values: tuple[Checked, ...]) -> Signature:
        """The key of a case."""
        return tuple(slicer(value) for slicer, value in zip(self._slicers, values, strict=True))


class _Usage:
    """For each input the literals it is compared with, or that its exact value matters."""

    def __init__(self, policy: Policy) -> None:
        self.cuts: dict[str, set[Decimal | str | bool]] = {
            item.name: set() for item in policy.inputs
        }
        self.exact: set[str] = set()
        for node in policy.graph.nodes:
            headers = {
                column.id: policy.expressions.get((node.id, "", column.id))
                for column in node.inputs
            }
            written = {column.id for column in node.outputs}
            for (node_id, row, column), expression in policy.expressions.items():
                if node_id != node.id:
                    continue
                if node.type == EXPRESSION or column in written:
                    self.all_exact(expression)
                elif node.type == TABLE and not row:
                    if not isinstance(expression, Name):
                        self.all_exact(expression)
                else:
                    self.test(expression, headers.get(column))

    def test(self, expression: Node, header: Node | None) -> None:
        if isinstance(header, Name):
            self.compare(expression, Cell(), ".".join(header.path))
        for name in names_in(expression):
            self.compare(expression, name, ".".join(name.path))

    def compare(self, expression: Node, variable: Node, name: str) -> None:
        if name not in self.cuts:
            return
        try:
            self.cuts[name] |= literals_against(expression, variable)
        except NotProvableError:
            self.exact.add(name)

    def all_exact(self, expression: Node) -> None:
        self.exact |= {".".join(name.path) for name in names_in(expression)}

    def slicer(self, item: InputField) -> Callable[[Checked], int | Checked]:
        if item.name in self.exact or item.type == "boolean":
            return _whole_value
        if item.type in NUMBER_TYPES:
            cuts = sorted(cut for cut in self.cuts[item.name] if isinstance(cut, Decimal))
            return _number_slicer(cuts)
        return _text_slicer(frozenset(self.cuts[item.name]))


def _whole_value(value: Checked) -> Checked:
    return value


def _number_slicer(cuts: list[Decimal]) -> Callable[[Checked], int]:
    def slice_of(value: Checked) -> int:
        if value is None:
            return _NULL
        index = bisect_left(cuts, value)
        at_cut = index < len(cuts) and cuts[index] == value
        return 2 * index + at_cut

    return slice_of


def _text_slicer(known: frozenset[Decimal | str | bool]) -> Callable[[Checked], int | Checked]:
    def slice_of(value: Checked) -> int | Checked:
        return value if value is None or value in known else _OTHER

    return slice_of
