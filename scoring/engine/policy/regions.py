"""Cutting a variable's values into regions on which every test of a table is constant.

A numeric variable compared with 600 and 700 only has five: below 600, 600, between, 700, above. One
value out of each, evaluated by `semantics.py`, then says what every value does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from scoring.engine.policy.semantics import Value, literal_text
from scoring.engine.policy.syntax import (
    AnyOf,
    Binary,
    Cell,
    In,
    ListOf,
    Literal,
    Name,
    Node,
    Range,
    Unary,
)

RELATIONS = frozenset({"==", "!=", "<", "<=", ">", ">="})


class NotProvableError(Exception):
    """The tests are beyond what regions can decide; the text says why."""


@dataclass(frozen=True, slots=True)
class Domain:
    """What a variable may hold.

    `kind` is `number`, `string` or `boolean`; bounds are inclusive; `values` closes a string's or a
    boolean's list when not None; `whole` admits whole numbers only; `nullable` admits null.
    """

    kind: str
    nullable: bool = False
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    whole: bool = False
    values: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Region:
    """A piece of a domain: one value out of it, and the ends it runs between.

    `low` and `high` are None where the piece is unbounded or not numeric; `text` is for people.
    """

    value: Value
    text: str
    low: Decimal | None = None
    high: Decimal | None = None
    point: bool = False


def literals_against(node: Node, variable: Node) -> set[Decimal | str | bool]:
    """The literals `variable` is tested against in a test, null left out.

    Raises `NotProvableError` when the variable is used in any other way than in a comparison with a
    literal, a list of literals or a range with literal ends, or stands alone as true or false.
    """
    found: set[Decimal | str | bool] = set()
    stack: list[Node] = [node]
    while stack:
        current = stack.pop()
        if current == variable:
            continue
        match current:
            case Literal():
                continue
            case Unary(operator="not"):
                stack.append(current.operand)
            case Binary(operator="and" | "or"):
                stack += [current.left, current.right]
            case AnyOf():
                stack += current.alternatives
            case Binary(operator=sign) if sign in RELATIONS:
                found |= _compared(current, variable)
            case In(operand=operand, members=members) if operand == variable:
                found |= _values(members)
            case In():
                continue
            case _:
                raise NotProvableError("a test computes with its values")
    return found


def variables_in(node: Node) -> set[Node]:
    """The variables (names or `$`) a test rests on. Raises `NotProvableError` on computed ones."""
    found: set[Node] = set()
    stack: list[Node] = [node]
    while stack:
        current = stack.pop()
        match current:
            case Name() | Cell():
                found.add(current)
            case Literal():
                continue
            case Unary(operator="not"):
                stack.append(current.operand)
            case Binary(operator=sign) if sign in RELATIONS or sign in ("and", "or"):
                stack += [current.left, current.right]
            case In():
                stack.append(current.operand)
                _values(current.members)
            case AnyOf():
                stack += current.alternatives
            case _:
                raise NotProvableError("a test computes with its values")
    return found


def regions_of(domain: Domain, literals: Iterable[Decimal | str | bool]) -> tuple[Region, ...]:
    """The domain cut at these literals, null first where it is admitted."""
    null = (Region(None, "null"),) if domain.nullable else ()
    if domain.kind == "number":
        cuts = sorted({item for item in literals if isinstance(item, Decimal)})
        return (*null, *_numeric(domain, cuts))
    if domain.kind == "boolean":
        return (*null, Region(True, "true"), Region(False, "false"))
    texts = sorted({item for item in literals if isinstance(item, str)})
    if domain.values is not None:
        return (*null, *(Region(item, literal_text(item)) for item in domain.values))
    rest = "x"
    while rest in texts:
        rest += "x"
    listed = (Region(item, literal_text(item)) for item in texts)
    return (*null, *listed, Region(rest, "any other text"))


def _compared(node: Binary, variable: Node) -> set[Decimal | str | bool]:
    sides = (node.left, node.right)
    if variable not in sides:
        return set()
    other = sides[1] if sides[0] == variable else sides[0]
    if not isinstance(other, Literal):
        raise NotProvableError("a test compares two variables or computes")
    return set() if other.value is None else {other.value}


def _values(members: ListOf | Range) -> set[Decimal | str | bool]:
    parts = members.items if isinstance(members, ListOf) else (members.low, members.high)
    if not all(isinstance(part, Literal) for part in parts):
        raise NotProvableError("a list or range holds a variable")
    return {part.value for part in parts if isinstance(part, Literal) and part.value is not None}


def _numeric(domain: Domain, cuts: list[Decimal]) -> list[Region]:
    """Points at the cuts and bounds, and the open intervals between and beyond them."""
    low, high = domain.minimum, domain.maximum
    inside = {cut for cut in cuts if (low is None or cut >= low) and (high is None or cut <= high)}
    points = sorted(inside | {bound for bound in (low, high) if bound is not None})
    ends: list[Decimal | None] = [*points]
    if low is None:
        ends.insert(0, None)
    if high is None:
        ends.append(None)
    regions: list[Region] = []
    for index, end in enumerate(ends):
        if end is not None and not (domain.whole and end != end.to_integral_value()):
            regions.append(_point(end))
        if index + 1 < len(ends):
            regions += _between(end, ends[index + 1], whole=domain.whole)
    return regions


def _point(value: Decimal) -> Region:
    return Region(value, f"{value:f}", low=value, high=value, point=True)


def _between(low: Decimal | None, high: Decimal | None, *, whole: bool) -> list[Region]:
    """The open interval, empty when `whole` and no whole number lies in it."""
    if low is None and high is None:
        return [Region(Decimal(0), "any number")]
    if low is None:
        assert high is not None
        value = high - 1 if not whole else high.to_integral_value(ROUND_CEILING) - 1
        return [Region(value, f"< {high:f}", high=high)]
    if high is None:
        value = low + 1 if not whole else low.to_integral_value(ROUND_FLOOR) + 1
        return [Region(value, f"> {low:f}", low=low)]
    value = (low + high) / 2
    if whole:
        value = low.to_integral_value(ROUND_FLOOR) + 1
        if value >= high:
            return []
    return [Region(value, f"({low:f}..{high:f})", low=low, high=high)]
