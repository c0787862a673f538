"""What the admitted expressions mean, executable: the reference the engine is tested against.

- **Numbers** are decimals of 28 significant digits, from literals, inputs and results alike; there
  is no binary rounding (`0.1 + 0.2 == 0.3` holds). Beyond 28 digits a result is rounded half to
  even; beyond 7.9 x 10^28 the evaluation fails. Numbers leave the engine as binary floats, so a
  quotient may differ in the last digit shown (1 / 3); write rates as strings to keep them exact.
- **Rounding.** `round` rounds half away from zero (2.5 gives 3, -2.5 gives -3), `floor` down,
  `ceil` up. Division by zero gives null.
- **Null.** An absent input is null. `==`, `!=` and `in [list]` accept null; an order comparison, a
  range, arithmetic, `not`, `and`/`or` with a null on the left, and every function fail on it.
- **Failure.** In a table cell a failure means that the row does not match; in an output cell, that
  nothing is written; in a switch, that the branch is not taken; in an expression node, that the
  whole evaluation fails (`PolicyFailedError`).
- **Alternatives** of a cell are tried from the left; a failure ends the search, which is why null
  has to come first.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from decimal import (
    ROUND_CEILING,
    ROUND_FLOOR,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    Context,
    Decimal,
)
from typing import Any

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
    Scalar,
    Unary,
)

CONTEXT = Context(prec=28, rounding=ROUND_HALF_EVEN)
Value = Any
Names = Mapping[str, Value]

_ORDER: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class EvaluationError(Exception):
    """The expression has no value for these names, for example null + 1."""


def value_of(node: Node, names: Names, *, cell: Value = None) -> Value:
    """The value of an expression; absent names are null. Raises `EvaluationError`."""
    match node:
        case Literal():
            return node.value
        case Name():
            return names.get(".".join(node.path))
        case Cell():
            return cell
        case Unary():
            return _unary(node, names, cell)
        case Binary():
            return _binary(node, names, cell)
        case In():
            return _member(node, names, cell)
        case AnyOf():
            return _any(node, names, cell)
        case ListOf():
            return [value_of(item, names, cell=cell) for item in node.items]
        case Range():
            raise EvaluationError("a range is no value")
        case Call():
            return _call(node, names, cell)


def matches(node: Node, names: Names, *, cell: Value = None) -> bool:
    """Whether a table cell matches: a failure is no match."""
    try:
        return value_of(node, names, cell=cell) is True
    except EvaluationError:
        return False


def _unary(node: Unary, names: Names, cell: Value) -> Value:
    value = value_of(node.operand, names, cell=cell)
    if node.operator == "not":
        if not isinstance(value, bool):
            raise EvaluationError("not needs true or false")
        return not value
    return -_number(value)


def _binary(node: Binary, names: Names, cell: Value) -> Value:
    left = value_of(node.left, names, cell=cell)
    if node.operator in ("and", "or"):
        if not isinstance(left, bool):
            raise EvaluationError(f"{node.operator} needs true or false")
        if left is (node.operator == "or"):
            return left
        return value_of(node.right, names, cell=cell)
    right = value_of(node.right, names, cell=cell)
    if node.operator == "==":
        return _equal(left, right)
    if node.operator == "!=":
        return not _equal(left, right)
    if node.operator in _ORDER:
        return _ORDER[node.operator](_number(left), _number(right))
    return _arithmetic(node.operator, _number(left), _number(right))


def _arithmetic(sign: str, left: Decimal, right: Decimal) -> Decimal | None:
    if sign == "+":
        return CONTEXT.add(left, right)
    if sign == "-":
        return CONTEXT.subtract(left, right)
    if sign == "*":
        return CONTEXT.multiply(left, right)
    return None if right == 0 else CONTEXT.divide(left, right)


def _member(node: In, names: Names, cell: Value) -> bool:
    value = value_of(node.operand, names, cell=cell)
    if isinstance(node.members, ListOf):
        items = (value_of(item, names, cell=cell) for item in node.members.items)
        return any(_equal(value, item) for item in items) is not node.negated
    number = _number(value)
    low = _number(value_of(node.members.low, names, cell=cell))
    high = _number(value_of(node.members.high, names, cell=cell))
    above = number >= low if node.members.low_closed else number > low
    below = number <= high if node.members.high_closed else number < high
    return (above and below) is not node.negated


def _any(node: AnyOf, names: Names, cell: Value) -> bool:
    if not node.alternatives:
        return True
    return any(value_of(part, names, cell=cell) is True for part in node.alternatives)


def _call(node: Call, names: Names, cell: Value) -> Value:
    value = value_of(node.arguments[0], names, cell=cell)
    if node.function == "len":
        if not isinstance(value, list | str):
            raise EvaluationError("len needs a list or a string")
        return Decimal(len(value))
    if node.function in ("min", "max"):
        numbers = [_number(item) for item in value]
        return min(numbers) if node.function == "min" else max(numbers)
    number = _number(value)
    if node.function == "abs":
        return abs(number)
    if node.function == "floor":
        return number.to_integral_value(ROUND_FLOOR)
    if node.function == "ceil":
        return number.to_integral_value(ROUND_CEILING)
    digits = 0
    if len(node.arguments) == 2:
        digits = int(_number(value_of(node.arguments[1], names, cell=cell)))
    return number.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, context=_WIDE)


_WIDE = Context(prec=60)


def _equal(left: Value, right: Value) -> bool:
    return _kind(left) is _kind(right) and bool(left == right)


def _kind(value: Value) -> type:
    return Decimal if isinstance(value, Decimal) else type(value)


def _number(value: Value) -> Decimal:
    if not isinstance(value, Decimal):
        raise EvaluationError("a number is needed")
    return value


def literal_text(value: Scalar) -> str:
    """A literal as it is written in the language."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:f}" if isinstance(value, Decimal) else f"'{value}'"
