"""Syntax tree of the admitted expressions: frozen nodes, and what can be asked of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

Scalar: TypeAlias = "bool | str | Decimal | None"


@dataclass(frozen=True, slots=True)
class Literal:
    """A number (Decimal), a string, true, false or null."""

    value: Scalar


@dataclass(frozen=True, slots=True)
class Name:
    """A dotted name; `local` when written `$.name`, a key computed earlier in the same node."""

    path: tuple[str, ...]
    local: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """`$` in a table cell: the value of the column's field."""


@dataclass(frozen=True, slots=True)
class Unary:
    """`not x` or `-x`."""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary:
    """`and or == != < <= > >= + - * /`."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class ListOf:
    """`[a, b, c]`."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """`[a..b]`, `[a..b)`, `(a..b]` or `(a..b)`."""

    low: Node
    high: Node
    low_closed: bool
    high_closed: bool


@dataclass(frozen=True, slots=True)
class In:
    """`x in set` or `x not in set`, the set being a list or a range."""

    operand: Node
    members: ListOf | Range
    negated: bool


@dataclass(frozen=True, slots=True)
class Call:
    """A call of one of the admitted functions."""

    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """A table cell's alternatives, tried from the left: `a, b, c`."""

    alternatives: tuple[Node, ...]


Node: TypeAlias = Literal | Name | Cell | Unary | Binary | ListOf | Range | In | Call | AnyOf


def children(node: Node) -> tuple[Node, ...]:
    """The direct parts of a node, from the left."""
    match node:
        case Unary():
            return (node.operand,)
        case Binary():
            return (node.left, node.right)
        case ListOf():
            return node.items
        case Range():
            return (node.low, node.high)
        case In():
            return (node.operand, node.members)
        case Call():
            return node.arguments
        case AnyOf():
            return node.alternatives
        case _:
            return ()


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it, depth first."""
    stack: list[Node] = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(children(current)))


def names_in(node: Node) -> tuple[Name, ...]:
    """Every name read by the expression, in order, without repetition."""
    found = dict.fromkeys(part for part in walk(node) if isinstance(part, Name))
    return tuple(found)
