"""The documented meaning of the language against the engine that runs it."""

from __future__ import annotations

from decimal import Decimal

import pytest
import zen
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.engine.policy.grammar import parse_cell, parse_expression
from scoring.engine.policy.semantics import EvaluationError, matches, value_of

from .expressions import NUMBERS, boolean, cells, context, engine_value, numeric

VALUES = st.fixed_dictionaries(
    {name: st.one_of(st.none(), NUMBERS) for name in ("a", "b")} | {"c": NUMBERS}
)


def reference(expression, values):
    try:
        value = value_of(parse_expression(expression), values)
    except EvaluationError:
        return "error", None
    return "ok", float(value) if isinstance(value, Decimal) else value


@settings(max_examples=400, deadline=None)
@given(expression=numeric(), values=VALUES)
def test_arithmetic_means_the_same_here_and_in_the_engine(expression, values):
    status, value = reference(expression, values)
    engine_status, engine = engine_value(expression, values)
    assert engine_status == status
    if value is None:
        assert engine is None
    else:
        assert engine == pytest.approx(value, rel=1e-12, abs=1e-15)


@settings(max_examples=400, deadline=None)
@given(expression=boolean(), values=VALUES)
def test_conditions_mean_the_same_here_and_in_the_engine(expression, values):
    assert engine_value(expression, values) == reference(expression, values)


@settings(max_examples=400, deadline=None)
@given(cell=cells(), value=st.one_of(st.none(), NUMBERS))
def test_cells_match_the_same_here_and_in_the_engine(cell, value):
    try:
        engine = zen.evaluate_unary_expression(cell, context({"$": value}))
    except RuntimeError:
        engine = False
    assert engine is matches(parse_cell(cell), {}, cell=value)
