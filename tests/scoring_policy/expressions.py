"""Hypothesis strategies for admitted expressions, as text, and a direct way into the engine."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import zen
from hypothesis import strategies as st

NUMBERS = st.decimals(min_value=-1000, max_value=1000, places=3).map(lambda d: d.normalize())
NAMES = ("a", "b", "c")


def number_text(value: Decimal) -> str:
    return f"{value:f}"


literals = NUMBERS.map(number_text)
names = st.sampled_from(NAMES)


def _join(symbols: list[str]):
    return lambda left, right: st.tuples(left, st.sampled_from(symbols), right).map(
        lambda t: f"{t[0]} {t[1]} {t[2]}"
    )


def numeric(depth: int = 2) -> st.SearchStrategy[str]:
    base = st.one_of(literals, names)
    if depth == 0:
        return base
    inner = numeric(depth - 1)
    return st.one_of(
        base,
        _join(["+", "-", "*"])(inner, inner),
        inner.map(lambda x: f"({x})"),
        inner.map(lambda x: f"-({x})"),
        st.tuples(st.sampled_from(["abs", "floor", "ceil", "round"]), inner).map(
            lambda t: f"{t[0]}({t[1]})"
        ),
        st.tuples(inner, st.integers(0, 4)).map(lambda t: f"round({t[0]}, {t[1]})"),
        st.tuples(st.sampled_from(["min", "max"]), inner, inner).map(
            lambda t: f"{t[0]}([{t[1]}, {t[2]}])"
        ),
    )


@st.composite
def ranges(draw: st.DrawFn) -> str:
    low, high = sorted([draw(NUMBERS), draw(NUMBERS)])
    if low == high:
        high += 1
    opening, closing = draw(st.sampled_from("[(")), draw(st.sampled_from("])"))
    return f"{opening}{number_text(low)}..{number_text(high)}{closing}"


lists = st.lists(literals, min_size=1, max_size=4).map(lambda x: "[" + ", ".join(x) + "]")


def boolean(depth: int = 2) -> st.SearchStrategy[str]:
    relation = st.one_of(
        _join(["==", "!=", "<", "<=", ">", ">="])(numeric(1), numeric(1)),
        st.tuples(numeric(1), st.sampled_from(["in", "not in"]), st.one_of(ranges(), lists)).map(
            " ".join
        ),
    )
    if depth == 0:
        return relation
    inner = boolean(depth - 1)
    return st.one_of(
        relation,
        _join(["and", "or"])(inner, inner),
        inner.map(lambda x: f"({x})"),
        inner.map(lambda x: f"not ({x})"),
    )


@st.composite
def cells(draw: st.DrawFn) -> str:
    comparison = st.tuples(st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), literals).map(
        " ".join
    )
    if draw(st.booleans()):
        return draw(st.lists(comparison, min_size=2, max_size=3).map(" and ".join))
    test = st.one_of(
        comparison,
        ranges(),
        st.tuples(st.sampled_from(["in", "not in"]), st.one_of(ranges(), lists)).map(" ".join),
        literals,
    )
    parts = draw(st.lists(test, min_size=1, max_size=3))
    if draw(st.booleans()):
        parts.insert(0, "null")
    return ", ".join(parts)


def context(values: dict[str, Decimal | None]) -> bytes:
    """Exact JSON text of decimals."""
    items = (
        f"{json.dumps(key)}: {'null' if value is None else number_text(value)}"
        for key, value in values.items()
    )
    return ("{" + ", ".join(items) + "}").encode()


def engine_value(expression: str, values: dict[str, Decimal | None]) -> Any:
    """What the engine makes of an expression: ('ok', value) or ('error', None)."""
    try:
        return "ok", zen.evaluate_expression(expression, context(values))
    except RuntimeError:
        return "error", None
