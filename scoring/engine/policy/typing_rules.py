"""Static types of expressions: what the engine would silently treat as 'no match' is refused."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from scoring.engine.policy.errors import ExpressionRefusedError
from scoring.engine.policy.syntax import (
    AnyOf,
    Binary,
    Call,
    Cell,
    In,
    ListOf,
    Literal,
    Name,
    Node,
    Range,
    Unary,
)

NUMBER, STRING, BOOLEAN, NULL, LIST, ANY = "number", "string", "boolean", "null", "list", "any"
ORDER = frozenset({"<", "<=", ">", ">="})
ARITHMETIC = frozenset({"+", "-", "*", "/"})

Lookup = Callable[[Name], str]


def type_of(node: Node, *, lookup: Lookup, cell: str = ANY) -> str:
    """The type of an expression; `lookup` gives a name's type, `cell` is the type of `$`.

    Raises `ExpressionRefusedError` for a comparison, sum or call which can never work.
    """
    return _Typer(lookup, cell).of(node)


class _Typer:
    def __init__(self, lookup: Lookup, cell: str) -> None:
        self.lookup = lookup
        self.cell = cell

    def of(self, node: Node) -> str:
        match node:
            case Literal():
                return _literal_type(node)
            case Name():
                return self.lookup(node)
            case Cell():
                return self.cell
            case Unary():
                wanted = BOOLEAN if node.operator == "not" else NUMBER
                return self.need(node.operand, wanted, node.operator)
            case Binary():
                return self.binary(node)
            case In():
                return self.membership(node)
            case AnyOf():
                for part in node.alternatives:
                    self.need(part, BOOLEAN, ",")
                return BOOLEAN
            case ListOf():
                for item in node.items:
                    self.of(item)
                return LIST
            case Range():
                self.need(node.low, NUMBER, "..")
                self.need(node.high, NUMBER, "..")
                return LIST
            case Call():
                return self.call(node)

    def binary(self, node: Binary) -> str:
        if node.operator in ("and", "or"):
            self.need(node.left, BOOLEAN, node.operator)
            return self.need(node.right, BOOLEAN, node.operator)
        if node.operator in ORDER:
            self.need(node.left, NUMBER, node.operator)
            self.need(node.right, NUMBER, node.operator)
            return BOOLEAN
        if node.operator in ARITHMETIC:
            self.need(node.left, NUMBER, node.operator)
            return self.need(node.right, NUMBER, node.operator)
        left, right = self.of(node.left), self.of(node.right)
        if NULL not in (left, right) and not _compatible(left, right):
            raise ExpressionRefusedError(f"a {left} is never equal to a {right}")
        if LIST in (left, right):
            raise ExpressionRefusedError("lists are not compared")
        return BOOLEAN

    def membership(self, node: In) -> str:
        if isinstance(node.members, Range):
            self.of(node.members)
            self.need(node.operand, NUMBER, "in a range")
            return BOOLEAN
        left = self.of(node.operand)
        for item in node.members.items:
            kind = self.of(item)
            if kind != NULL and not _compatible(left, kind):
                raise ExpressionRefusedError(f"a {left} is never in a list with a {kind}")
        return BOOLEAN

    def call(self, node: Call) -> str:
        if node.function == "len":
            kind = self.of(node.arguments[0])
            if kind not in (LIST, STRING, ANY):
                raise ExpressionRefusedError(f"len takes a list or a string, not a {kind}")
            return NUMBER
        for argument in node.arguments:
            items = argument.items if isinstance(argument, ListOf) else (argument,)
            for item in items:
                self.need(item, NUMBER, node.function)
        return NUMBER

    def need(self, node: Node, wanted: str, operator: str) -> str:
        found = self.of(node)
        if not _compatible(found, wanted):
            raise ExpressionRefusedError(f"{operator!r} needs a {wanted}, not a {found}")
        return wanted


def _literal_type(node: Literal) -> str:
    if node.value is None:
        return NULL
    if isinstance(node.value, bool):
        return BOOLEAN
    return NUMBER if isinstance(node.value, Decimal) else STRING


def _compatible(left: str, right: str) -> bool:
    return left == right or ANY in (left, right)
