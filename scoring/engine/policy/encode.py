"""Inputs on their way into the engine: checked against the declaration, then exact JSON.

The engine computes in decimals of 28 digits. Given a Python dict it rounds binary floats to about
15 significant digits (0.030000000000000002 becomes 0.03); given JSON text it keeps every digit. So
inputs always travel as JSON text, floats in their shortest round-trip form.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from numbers import Integral, Real
from typing import Any, TypeAlias

from scoring.engine.policy.errors import InputRefusedError, Problem
from scoring.engine.policy.fields import MAX_MAGNITUDE, InputField

_ABSENT = object()

Checked: TypeAlias = Decimal | str | bool | None


class Encoder:
    """Turns a mapping of inputs into the JSON text of one policy's declared inputs.

    Only declared names are passed on; whatever else the mapping holds has no effect.
    """

    def __init__(self, fields: tuple[InputField, ...]) -> None:
        self._fields = fields
        self._template = _template(fields)

    def values(self, inputs: Mapping[str, Any]) -> tuple[Checked, ...]:
        """The declared values, checked, in declaration order.

        Raises `InputRefusedError` naming every field that does not fit.
        """
        found: list[Checked] = []
        problems: list[Problem] = []
        for field in self._fields:
            try:
                found.append(_checked(field, _find(inputs, field)))
            except ValueError as error:
                problems.append(Problem("input_value", str(error), column=field.name))
        if problems:
            raise InputRefusedError(tuple(problems))
        return tuple(found)

    def text(self, values: tuple[Checked, ...]) -> bytes:
        """Exact JSON text of checked values."""
        return (self._template % tuple(_text(value) for value in values)).encode()


def _template(fields: tuple[InputField, ...]) -> str:
    """A JSON object with one `%s` per field, nested where names have dots."""
    tree: dict[str, Any] = {}
    for field in fields:
        level = tree
        for part in field.path[:-1]:
            level = level.setdefault(part, {})
        level[field.path[-1]] = "%s"
    return json.dumps(tree).replace('"%s"', "%s")


def _find(inputs: Mapping[str, Any], field: InputField) -> Any:
    value: Any = inputs.get(field.name, _ABSENT)
    if value is not _ABSENT or "." not in field.name:
        return value
    value = inputs
    for part in field.path:
        if not isinstance(value, Mapping) or part not in value:
            return _ABSENT
        value = value[part]
    return value


def _checked(field: InputField, value: Any) -> Checked:
    if value is _ABSENT or value is None:
        if not field.nullable:
            raise ValueError("a value is required")
        return None
    return _CHECKS[field.type](field, value)


def _text(value: Checked) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value) if isinstance(value, str) else f"{value:f}"


def exact_decimal(value: Any) -> Decimal:
    """The decimal a number stands for: a float's shortest round-trip digits. Raises ValueError."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ValueError(f"a number is expected, not {type(value).__name__}")
    if isinstance(value, Integral):
        return Decimal(int(value))
    return Decimal(repr(float(value)))


def _number(field: InputField, value: Any) -> Decimal:
    exact = exact_decimal(value)
    if not exact.is_finite() or abs(exact) > MAX_MAGNITUDE:
        raise ValueError("the number is not finite or beyond 10^15")
    if field.type == "integer" and exact != exact.to_integral_value():
        raise ValueError("a whole number is expected")
    if field.minimum is not None and exact < field.minimum:
        raise ValueError(f"below the declared minimum {field.minimum}")
    if field.maximum is not None and exact > field.maximum:
        raise ValueError(f"above the declared maximum {field.maximum}")
    return exact


def _string(field: InputField, value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"a string is expected, not {type(value).__name__}")
    if field.values and value not in field.values:
        raise ValueError("not one of the declared values")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError("the string is not valid Unicode") from error
    return value


def _boolean(field: InputField, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"true or false is expected, not {type(value).__name__}")
    return value


_CHECKS: dict[str, Callable[[InputField, Any], Checked]] = {
    "number": _number,
    "integer": _number,
    "string": _string,
    "boolean": _boolean,
}
