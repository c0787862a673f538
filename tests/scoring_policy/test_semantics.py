"""The documented meaning of the language against the engine that runs it."""

from __future__ import annotations

from decimal import Decimal

import pytest
import zen
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.engine.policy import InputField, compile_policy, load_policy
from scoring.engine.policy.grammar import parse_cell, parse_expression
from scoring.engine.policy.semantics import EvaluationError, matches, value_of

from .documents import one_table
from .expressions import NUMBERS, boolean, cells, context, engine_value, numeric

PAIR = (InputField("a", nullable=True), InputField("b", nullable=True))
VALUES = st.fixed_dictionaries(
    {name: st.one_of(st.none(), NUMBERS) for name in ("a", "b")} | {"c": NUMBERS}
)


def reference(expression, values):
    try:
        value = value_of(parse_expression(expression), values)
    except EvaluationError:
        return "error", None
    return "ok", float(value) if isinstance(value, Decimal) else value


@settings(max_examples=200, deadline=None)
@given(expression=numeric(), values=VALUES)
def test_arithmetic_means_the_same_here_and_in_the_engine(expression, values):
    status, value = reference(expression, values)
    engine_status, engine = engine_value(expression, values)
    assert engine_status == status
    if value is None:
        assert engine is None
    else:
        assert engine == pytest.approx(value, rel=1e-12, abs=1e-15)


@settings(max_examples=200, deadline=None)
@given(expression=boolean(), values=VALUES)
def test_conditions_mean_the_same_here_and_in_the_engine(expression, values):
    assert engine_value(expression, values) == reference(expression, values)


@settings(max_examples=200, deadline=None)
@given(cell=cells(), value=st.one_of(st.none(), NUMBERS))
def test_cells_match_the_same_here_and_in_the_engine(cell, value):
    try:
        engine = zen.evaluate_unary_expression(cell, context({"$": value}))
    except RuntimeError:
        engine = False
    assert engine is matches(parse_cell(cell), {}, cell=value)


@settings(max_examples=80, deadline=None)
@given(
    rows=st.lists(st.tuples(cells(), cells()), min_size=1, max_size=4),
    values=st.lists(st.tuples(*[st.one_of(st.none(), NUMBERS)] * 2), min_size=1, max_size=5),
)
def test_tables_take_the_first_row_that_matches_by_the_documented_meaning(rows, values):
    document = one_table(["a", "b"], [(*row, "'decline'") for row in rows], inputs=PAIR)
    compiled = compile_policy(load_policy(document), remember=0)
    for a, b in values:
        hits = [
            f"r{index}"
            for index, (left, right) in enumerate(rows)
            if matches(parse_cell(left), {}, cell=a) and matches(parse_cell(right), {}, cell=b)
        ]
        found = compiled.evaluate({"a": a, "b": b})
        assert [hit.row_id for hit in found.hits] == hits[:1]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1 + 0.2", 0.3),
        ("round(2.5)", 3),
        ("round(-2.5)", -3),
        ("round(1.005, 2)", 1.01),
        ("round(0.125, 2)", 0.13),
        ("floor(-1.5)", -2),
        ("ceil(-1.5)", -1),
        ("1 / 0", None),
        ("7 / 2", 3.5),
        ("null == null", True),
        ("null != 1", True),
        ("1 == '1'", False),
        ("true == 1", False),
        ("1 in [1..1]", True),
        ("1 in (0..1)", False),
        ("0.3 - 0.1 == 0.2", True),
    ],
)
def test_numbers_rounding_and_null_as_documented(text, value):
    """Against the engine directly, and against the reference."""
    assert zen.evaluate_expression(text, {}) == value
    if "== '1'" not in text and "true ==" not in text:
        assert reference(text, {}) == ("ok", value)
