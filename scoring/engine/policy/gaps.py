"""Holes and dead rows of decision tables.

A hole is a case that no row of a first-hit table matches: nothing is written, and whoever falls
through is referred instead of decided. A dead row never decides: its tests exclude each other, or
earlier rows take everything it would match.

Exact for tables whose tests compare one variable with literals (numbers, ranges, categories, true
and false, null), within `MAX_CASES` and `MAX_TESTS`; any other table is reported as not provable, with the reason.
Values computed by earlier tables are taken from their cells. Variables are taken as independent: a
hole that needs a combination of a score and a grade which never occur together is still reported,
marked `derived`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

from scoring.engine.policy.document import OUTPUT, TABLE, NodeSpec
from scoring.engine.policy.domains import Domains
from scoring.engine.policy.regions import (
    NotProvableError,
    Region,
    literals_against,
    regions_of,
    variables_in,
)
from scoring.engine.policy.semantics import matches
from scoring.engine.policy.syntax import AnyOf, Cell, Name, Node
from scoring.engine.policy.validate import Policy

MAX_CASES = 200_000
MAX_TESTS = 500_000
MAX_HOLES = 50


@dataclass(frozen=True, slots=True)
class Hole:
    """A set of cases no row matches: field and values, as text, for each tested field."""

    conditions: tuple[tuple[str, str], ...]
    derived: bool


@dataclass(frozen=True, slots=True)
class DeadRow:
    """A row that never decides.

    `why` is `impossible` (its tests exclude each other), `shadowed` (by `shadowed_by`), or
    `safety_net`: a last row without tests behind a complete table, which is harmless.
    """

    row_id: str
    row_index: int
    why: str
    shadowed_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TableReport:
    """What can be said of one table; `reason` tells why it is not provable."""

    node_id: str
    node_name: str
    provable: bool
    reason: str = ""
    holes: tuple[Hole, ...] = ()
    more_holes: bool = False
    dead_rows: tuple[DeadRow, ...] = ()

    @property
    def sound(self) -> bool:
        """Proved to have no hole and no dead row other than a safety net."""
        return (
            self.provable
            and not self.holes
            and all(row.why == "safety_net" for row in self.dead_rows)
        )


@dataclass(frozen=True, slots=True)
class _Axis:
    """One variable of a table: its regions and, for each, the rows (bits) that match there."""

    field: str
    derived: bool
    regions: tuple[Region, ...]
    masks: tuple[int, ...]


def check_tables(policy: Policy) -> tuple[TableReport, ...]:
    """A report for each decision table, in evaluation order."""
    domains = Domains(policy)
    reports = []
    for node_id in policy.order:
        node = policy.node(node_id)
        if node.type == TABLE:
            report = check_table(policy, node, domains)
            reports.append(report)
            domains.leave_table(node, complete=report.provable and not report.holes)
        elif node.type != OUTPUT:
            domains.leave(node)
    return tuple(reports)


def check_table(policy: Policy, node: NodeSpec, domains: Domains) -> TableReport:
    """The report of one table, given what earlier nodes may have written."""
    try:
        axes = _axes(policy, node, domains)
        cases = prod(len(axis.regions) for axis in axes)
        if cases > MAX_CASES:
            raise NotProvableError(f"more than {MAX_CASES} cases to look at")
    except NotProvableError as error:
        return TableReport(node.id, node.name, provable=False, reason=str(error))
    search = _Search(axes, rows=len(node.rows))
    search.run()
    return TableReport(
        node.id,
        node.name,
        provable=True,
        holes=tuple(search.holes) if node.hit_policy == "first" else (),
        more_holes=search.more_holes and node.hit_policy == "first",
        dead_rows=tuple(_dead_rows(policy, node, search)),
    )


def _axes(policy: Policy, node: NodeSpec, domains: Domains) -> list[_Axis]:
    """One axis for each variable; a row's bit is set where all its tests on it hold."""
    tests: dict[Node, list[tuple[int, Node, Node]]] = {}
    for column in node.inputs:
        header = policy.expressions.get((node.id, "", column.id))
        for index, row in enumerate(node.rows):
            test = policy.expressions.get((node.id, row.id, column.id))
            if test is None or test == AnyOf(()):
                if header is not None:
                    tests.setdefault(header, [])
                continue
            variables = variables_in(test)
            if header is not None and variables <= {Cell()}:
                tests.setdefault(header, []).append((index, test, Cell()))
            elif len(variables) == 1 and Cell() not in variables:
                variable = variables.pop()
                tests.setdefault(variable, []).append((index, test, variable))
            else:
                raise NotProvableError(f"row {row.id!r} tests several variables in one cell")
    return [_axis(variable, found, len(node.rows), domains) for variable, found in tests.items()]


def _axis(
    variable: Node, tests: Sequence[tuple[int, Node, Node]], rows: int, domains: Domains
) -> _Axis:
    domain, field, derived = domains.of(variable)
    literals = {item for _, test, seen in tests for item in literals_against(test, seen)}
    regions = regions_of(domain, literals)
    if len(regions) * len(tests) > MAX_TESTS:
        raise NotProvableError(f"more than {MAX_TESTS} tests to run")
    everything = (1 << rows) - 1
    masks = []
    for region in regions:
        mask = everything
        for index, test, seen in tests:
            names: Mapping[str, object] = (
                {".".join(seen.path): region.value} if isinstance(seen, Name) else {}
            )
            if not matches(test, names, cell=region.value):
                mask &= ~(1 << index)
        masks.append(mask)
    return _Axis(field, derived, regions, tuple(masks))


class _Search:
    """Visits every combination of regions, by depth, stopping where nothing can match."""

    def __init__(self, axes: list[_Axis], *, rows: int) -> None:
        self.axes = axes
        self.rows = rows
        self.holes: list[Hole] = []
        self.more_holes = False
        self.matched = 0
        self.first = 0
        self.takers: dict[int, set[int]] = {}

    def run(self) -> None:
        self.visit(0, (1 << self.rows) - 1, ())

    def visit(self, depth: int, mask: int, path: tuple[tuple[str, str], ...]) -> None:
        if mask == 0:
            self.hole(path, depth)
            return
        if depth == len(self.axes):
            self.hit(mask)
            return
        axis = self.axes[depth]
        for text, part in _runs(axis, mask):
            self.visit(depth + 1, part, (*path, (axis.field, text)))

    def hit(self, mask: int) -> None:
        winner = (mask & -mask).bit_length() - 1
        self.first |= 1 << winner
        self.matched |= mask
        rest = mask & ~(1 << winner)
        while rest:
            index = (rest & -rest).bit_length() - 1
            self.takers.setdefault(index, set()).add(winner)
            rest &= rest - 1

    def hole(self, path: tuple[tuple[str, str], ...], depth: int) -> None:
        if len(self.holes) == MAX_HOLES:
            self.more_holes = True
            return
        derived = any(axis.derived for axis in self.axes[:depth])
        conditions = tuple(part for part in path if part[1])
        self.holes.append(Hole(conditions, derived))


def _runs(axis: _Axis, mask: int) -> list[tuple[str, int]]:
    """Neighbouring regions that leave the same rows, joined, each with its text."""
    runs: list[tuple[list[Region], int]] = []
    for region, part in zip(axis.regions, axis.masks, strict=True):
        left = part & mask
        if (
            runs
            and runs[-1][1] == left
            and region.value is not None
            and runs[-1][0][-1].value is not None
        ):
            runs[-1][0].append(region)
            continue
        runs.append(([region], left))
    if len(runs) == 1:
        return [("", runs[0][1])]
    return [(_run_text(regions), left) for regions, left in runs]


def _run_text(regions: list[Region]) -> str:
    """One text for neighbouring regions, a range where they are numeric."""
    first, last = regions[0], regions[-1]
    numeric = all(item.point or item.low is not None or item.high is not None for item in regions)
    if len(regions) == 1 or not numeric:
        return ", ".join(item.text for item in regions)
    opening = "[" if first.point else "("
    closing = "]" if last.point else ")"
    if first.low is None:
        return f"{'<=' if last.point else '<'} {last.high:f}"
    if last.high is None:
        return f"{'>=' if first.point else '>'} {first.low:f}"
    return f"{opening}{first.low:f}..{last.high:f}{closing}"


def _dead_rows(policy: Policy, node: NodeSpec, search: _Search) -> list[DeadRow]:
    dead = []
    for index, row in enumerate(node.rows):
        bit = 1 << index
        if not search.matched & bit:
            dead.append(DeadRow(row.id, index, "impossible"))
        elif node.hit_policy == "first" and not search.first & bit:
            takers = tuple(node.rows[taker].id for taker in sorted(search.takers.get(index, ())))
            last = index == len(node.rows) - 1
            untested = not any(row.cells.get(column.id, "").strip() for column in node.inputs)
            why = "safety_net" if last and untested else "shadowed"
            dead.append(DeadRow(row.id, index, why, takers))
    return dead
