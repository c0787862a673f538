"""The form: to a document and back, and what it refuses."""

from __future__ import annotations

import copy
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.engine.policy import (
    FormMismatchError,
    GradeBand,
    HardRule,
    InputField,
    PolicyRefusedError,
    Price,
    check_tables,
    compile_policy,
    default_form,
    document_from_form,
    form_from_document,
    load_policy,
)

from .documents import loan_form, one_table, ruled_form
from .test_evaluate import pd_form


@pytest.mark.parametrize("make", [loan_form, ruled_form, pd_form])
def test_a_form_comes_back_from_its_document(make):
    form = make()
    assert form_from_document(document_from_form(form)) == form


@settings(max_examples=60, deadline=None)
@given(
    bounds=st.lists(st.integers(301, 849), min_size=2, max_size=8, unique=True),
    data=st.data(),
)
def test_any_sound_form_comes_back_and_all_its_tables_are_complete(bounds, data):
    bounds = sorted(bounds, reverse=True)
    names = [f"G{n}" for n in range(len(bounds) + 1)]
    approve = data.draw(st.integers(0, len(bounds) - 1))
    refer = data.draw(st.integers(approve, len(bounds) - 1))
    form = loan_form(
        approve_at=Decimal(bounds[approve]),
        refer_at=Decimal(bounds[refer]),
        grades=tuple(
            GradeBand(name, Decimal(bound) if bound is not None else None)
            for name, bound in zip(names, [*bounds, None], strict=True)
        ),
        prices=tuple(
            Price(
                name,
                data.draw(st.decimals(0, 1, places=4)),
                data.draw(st.integers(1, 10**9)),
                data.draw(st.integers(1, 360)),
            )
            for name in names
        ),
        hard_rules=(
            HardRule("R1", "amount", data.draw(st.sampled_from(["<", ">=", "!="])), Decimal(5)),
        ),
        inputs=(InputField("amount", nullable=data.draw(st.booleans())),),
    )
    document = document_from_form(form)
    assert form_from_document(document) == form
    assert all(report.sound for report in check_tables(load_policy(document)))


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">=", "==", "!=", "in", "not in"])
@pytest.mark.parametrize("on_missing", ["refer", "decline", "ignore"])
def test_no_rule_holds_for_an_empty_field(operator, on_missing):
    listed = operator in ("in", "not in")
    rule = HardRule(
        "RULE", "amount", operator, (Decimal(5),) if listed else Decimal(5), on_missing=on_missing
    )
    form = loan_form(hard_rules=(rule,), inputs=(InputField("amount", nullable=True),))
    document = document_from_form(form)
    assert form_from_document(document) == form
    compiled = compile_policy(load_policy(document))
    empty = compiled.evaluate({"score": 700})
    assert empty.outcome == {"ignore": "approve"}.get(on_missing, on_missing)
    assert empty.codes == (() if on_missing == "ignore" else ("MISSING_AMOUNT",))
    holds = {4: ("<", "<=", "!=", "not in"), 5: ("<=", ">=", "==", "in"),
             6: (">", ">=", "!=", "not in")}  # fmt: skip
    for amount, operators in holds.items():
        codes = compiled.evaluate({"score": 700, "amount": amount}).codes
        assert codes == (("RULE",) if operator in operators else ())


def test_a_document_edited_beyond_the_form_is_not_shown_as_one():
    document = document_from_form(ruled_form())
    edited = copy.deepcopy(document)
    edited["nodes"][3]["content"]["rules"][0]["measure"] = "[600..700]"
    with pytest.raises(FormMismatchError):
        form_from_document(edited)
    other_position = copy.deepcopy(document)
    other_position["nodes"][3]["position"]["x"] += 1
    with pytest.raises(FormMismatchError):
        form_from_document(other_position)
    with pytest.raises(FormMismatchError):
        form_from_document(one_table(["score"], [("", "'refer'")]))


def test_a_changed_cutoff_in_the_document_shows_in_the_form():
    document = document_from_form(ruled_form())
    document["nodes"][3]["content"]["rules"][0]["measure"] = ">= 605.5"
    assert form_from_document(document).approve_at == Decimal("605.5")


BANDS = loan_form().grades


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"measure": "points"}, "form_measure"),
        ({"approve_at": Decimal(500)}, "form_cutoff"),
        ({"grades": ()}, "form_grades"),
        ({"grades": BANDS[:-1]}, "form_grades"),
        ({"grades": BANDS[::-1]}, "form_grades"),
        ({"grades": (BANDS[0], *BANDS)}, "form_grades"),
        ({"prices": loan_form().prices[:-1]}, "form_prices"),
        ({"prices": loan_form().prices[::-1]}, "form_prices"),
        ({"hard_rules": (HardRule("X", "nowhere", "<", Decimal(1)),)}, "form_rule"),
        ({"hard_rules": (HardRule("X", "score", "~", Decimal(1)),)}, "form_rule"),
        ({"hard_rules": (HardRule("X", "score", "in", Decimal(1)),)}, "form_rule"),
        ({"hard_rules": (HardRule("X", "score", "<", (Decimal(1),)),)}, "form_rule"),
        ({"hard_rules": (HardRule("", "score", "<", Decimal(1)),)}, "form_rule"),
        (
            {"hard_rules": (HardRule("X", "score", "<", Decimal(1), outcome="approve"),)},
            "form_rule",
        ),
        ({"hard_rules": (HardRule("X", "score", "<", "a"),)}, "expression"),
        ({"hard_rules": (HardRule("X'", "score", "<", Decimal(1)),)}, "expression"),
        ({"inputs": (InputField("score"),)}, "form_inputs"),
        ({"inputs": (InputField("a b"),)}, "input_schema"),
        ({"inputs": (InputField("grade"),)}, "overwrites_input"),
    ],
)
def test_forms_that_make_no_policy_are_refused(changes, code):
    with pytest.raises(PolicyRefusedError) as caught:
        document_from_form(loan_form(**changes))
    assert code in {problem.code for problem in caught.value.problems}


def test_a_price_needs_a_positive_limit_and_term_and_no_negative_rate():
    prices = loan_form().prices
    for change in ({"rate": Decimal("-0.01")}, {"limit_minor": 0}, {"term_months": 0}):
        with pytest.raises(PolicyRefusedError):
            document_from_form(loan_form(prices=(replace(prices[0], **change), *prices[1:])))


def test_the_default_form_spreads_rates_and_limits_evenly():
    form = loan_form()
    assert [price.rate for price in form.prices] == [
        Decimal(text) for text in ("0.0600", "0.1050", "0.1500", "0.1950", "0.2400")
    ]
    assert [price.limit_minor for price in form.prices] == [
        20_000_000,
        15_100_000,
        10_200_000,
        5_300_000,
        500_000,
    ]
    assert (form.approve_at, form.refer_at) == (Decimal(600), Decimal(560))


def default(boundaries, **changes):
    values = {
        "name": "x", "measure": "score", "boundaries": boundaries, "best_rate": Decimal("0.1"),
        "worst_rate": Decimal("0.2"), "best_limit_minor": 1000, "worst_limit_minor": 100,
        "limit_step_minor": 100, "term_months": 12,
    }  # fmt: skip
    return default_form(**{**values, **changes})


def test_the_default_form_needs_one_grade_to_approve_and_one_to_decline():
    two = [("A", Decimal(600)), ("B", None)]
    assert default(two, refer_grades=0).approve_at == Decimal(600)
    with pytest.raises(PolicyRefusedError):
        default(two)
    with pytest.raises(PolicyRefusedError):
        default(two, refer_grades=0, decline_grades=0)
    with pytest.raises(PolicyRefusedError):
        default([("A", None), ("B", None)], refer_grades=0)
    with pytest.raises(PolicyRefusedError):
        default([("A", Decimal(600)), ("B", Decimal(500))], refer_grades=0)
