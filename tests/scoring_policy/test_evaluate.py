"""What an admitted policy answers: exact values on both sides of each border."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.engine.policy import (
    InputField,
    InputRefusedError,
    PolicyFailedError,
    compile_policy,
    document_from_form,
    evaluate,
    evaluate_many,
    load_policy,
)

from .documents import (
    SCORE,
    chain,
    expressions,
    good,
    loan_form,
    node,
    one_table,
    ruled_form,
    table,
    with_cell,
)
from .test_admission import parallel, statements


@pytest.fixture(scope="module")
def loans():
    return compile_policy(load_policy(document_from_form(ruled_form())))


# ---- borders of the form's policy --------------------------------------------------------------
@pytest.mark.parametrize(
    ("score", "outcome", "grade", "codes"),
    [
        (850, "approve", "A", ()),
        (720, "approve", "A", ()),
        (719.9999999999999, "approve", "B", ()),
        (Decimal("719.9999999999999999999"), "approve", "B", ()),
        (660, "approve", "B", ()),
        (659, "approve", "C", ()),
        (600, "approve", "C", ()),
        (599.9999, "refer", "D", ("SCORE_IN_REVIEW_BAND",)),
        (560, "refer", "D", ("SCORE_IN_REVIEW_BAND",)),
        (559.9, "decline", "E", ("SCORE_BELOW_CUTOFF",)),
        (300, "decline", "E", ("SCORE_BELOW_CUTOFF",)),
    ],
)
def test_each_cutoff_belongs_to_the_better_side(loans, score, outcome, grade, codes):
    result = loans.evaluate(good(score=score))
    assert (result.outcome, result.grade, result.codes) == (outcome, grade, codes)


@pytest.mark.parametrize(
    ("pd", "outcome", "grade"),
    [
        ("0", "approve", "A"),
        ("0.03", "approve", "A"),
        ("0.030000000000000002", "approve", "B"),
        ("0.08", "approve", "B"),
        ("0.0800000001", "refer", "C"),
        ("0.2", "refer", "C"),
        ("0.2000000001", "decline", "D"),
        ("1", "decline", "D"),
    ],
)
def test_pd_policies_cut_at_most(pd, outcome, grade):
    form = pd_form()
    for value in (Decimal(pd), float(pd)):
        result = evaluate(load_policy(document_from_form(form)), {"pd": value})
        assert (result.outcome, result.grade) == (outcome, grade)


def pd_form():
    return loan_form(
        measure="pd",
        approve_at=Decimal("0.08"),
        refer_at=Decimal("0.2"),
        grades=tuple(
            type(loan_form().grades[0])(grade, bound)
            for grade, bound in [
                ("A", Decimal("0.03")),
                ("B", Decimal("0.08")),
                ("C", Decimal("0.2")),
                ("D", None),
            ]
        ),
        prices=tuple(p for p in loan_form().prices if p.grade != "E"),
        minimum=Decimal(0),
        maximum=Decimal(1),
    )


def test_a_binary_float_just_above_a_cutoff_is_above_it():
    """The engine alone, given a dict, would round 0.030000000000000002 to 0.03."""
    compiled = compile_policy(
        load_policy(
            one_table(
                ["pd"], [("> 0.03", "'refer'"), ("", "'decline'")], inputs=(InputField("pd"),)
            )
        )
    )
    assert compiled.evaluate({"pd": 0.03}).outcome == "decline"
    assert compiled.evaluate({"pd": 0.030000000000000002}).outcome == "refer"


def test_the_offer_fields_are_exact(loans):
    result = loans.evaluate(good(score=640))
    assert (result.limit_minor, result.nominal_rate, result.term_months) == (
        10_200_000,
        Decimal("0.1500"),
        12,
    )
    assert isinstance(result.limit_minor, int)


def test_the_trace_names_each_node_its_kind_and_the_rows_that_matched(loans):
    result = loans.evaluate(good(score=580, age=17))
    assert [(s.node_id, s.kind, s.rows) for s in result.trace] == [
        ("input", "rule", ()),
        ("declines", "rule", ("rule:0",)),
        ("referrals", "rule", ()),
        ("cutoff", "model", ("refer",)),
        ("grade", "model", ("D",)),
        ("price", "model", ("D",)),
        ("decide", "model", ("hard-decline",)),
        ("output", "rule", ()),
    ]
    assert next((h.node_name, h.row_id, h.row_index, h.code) for h in result.hits) == (
        "Hard declines",
        "rule:0",
        0,
        "UNDER_AGE",
    )
    assert result.policy_hash == loans.policy.hash


# ---- hard rules --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("changes", "outcome", "codes"),
    [
        ({"age": 18}, "approve", ()),
        ({"age": 17}, "decline", ("UNDER_AGE",)),
        ({"delinquencies": 2.9}, "approve", ()),
        ({"delinquencies": 3}, "decline", ("DELINQUENT",)),
        ({"delinquencies": None}, "refer", ("MISSING_DELINQUENCIES",)),
        ({"region": "S"}, "refer", ("REGION",)),
        ({"region": None}, "approve", ()),
        ({"age": 17, "delinquencies": 3}, "decline", ("UNDER_AGE", "DELINQUENT")),
        ({"age": 17, "region": "S"}, "decline", ("UNDER_AGE",)),
        ({"region": "S", "delinquencies": None}, "refer", ("REGION", "MISSING_DELINQUENCIES")),
        ({"region": "S", "score": 500}, "decline", ("SCORE_BELOW_CUTOFF",)),
        ({"region": "S", "score": 570}, "refer", ("REGION",)),
    ],
)
def test_hard_rules_decide_first_and_only_the_deciding_codes_are_given(
    loans, changes, outcome, codes
):
    result = loans.evaluate(good(**changes))
    assert (result.outcome, result.codes) == (outcome, codes)


# ---- inputs ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"score": None}, "score"),
        ({"score": "640"}, "score"),
        ({"score": True}, "score"),
        ({"score": float("nan")}, "score"),
        ({"score": float("inf")}, "score"),
        ({"score": Decimal("NaN")}, "score"),
        ({"score": 299.99}, "score"),
        ({"score": 850.01}, "score"),
        ({"score": [640]}, "score"),
        ({"age": 30.5}, "age"),
        ({"age": -1}, "age"),
        ({"age": 131}, "age"),
        ({"delinquencies": 10**16}, "delinquencies"),
        ({"region": "E"}, "region"),
        ({"region": 1}, "region"),
    ],
)
def test_values_that_do_not_fit_the_declaration_are_refused_by_name(loans, changes, column):
    with pytest.raises(InputRefusedError) as caught:
        loans.evaluate(good(**changes))
    assert [problem.column for problem in caught.value.problems] == [column]


def test_every_bad_input_is_named_at_once(loans):
    with pytest.raises(InputRefusedError) as caught:
        loans.evaluate({"age": "x"})
    assert [problem.column for problem in caught.value.problems] == ["age", "score"]


@pytest.mark.parametrize("score", [300, 850, 300.0, Decimal("850.00"), np.float64(640)])
def test_values_at_the_declared_bounds_are_taken(loans, score):
    assert loans.evaluate(good(score=score)).grade


def test_numpy_numbers_count_as_the_numbers_they_are(loans):
    plain = loans.evaluate(good(score=640.25, age=30))
    assert loans.evaluate(good(score=np.float64(640.25), age=np.int64(30))) == plain


def test_undeclared_values_have_no_effect(loans):
    assert loans.evaluate(good(outcome="approve", declines=[1], x="'")) == loans.evaluate(good())


NESTED = (InputField("bureau.score", nullable=True), InputField("bureau.name", "string"))


def test_dotted_inputs_are_taken_nested_or_flat():
    document = one_table(
        ["bureau.score"], [("> 5", "'refer'"), ("null", "'decline'")], inputs=NESTED
    )
    policy = load_policy(document)
    assert evaluate(policy, {"bureau": {"score": 6, "name": "x"}}).outcome == "refer"
    assert evaluate(policy, {"bureau.score": 6, "bureau.name": "x"}).outcome == "refer"
    assert evaluate(policy, {"bureau": {"name": "x"}}).outcome == "decline"


TEXT = (InputField("name", "string"),)


@settings(max_examples=200, deadline=None)
@given(text=st.text(st.characters(blacklist_categories=["Cs"]), max_size=40))
def test_any_text_is_data_and_never_code(text):
    compiled = compile_policy(
        load_policy(one_table(["name"], [("'x'", "'approve'"), ("", "'refer'")], inputs=TEXT))
    )
    expected = ("POLICY_OFFER_INCOMPLETE",) if text == "x" else ()
    assert compiled.evaluate({"name": text}).codes == expected


@pytest.mark.parametrize(
    "text", ["%s", "%(x)s", "{0}", '"', "\\", '","score":1,"x":"', "\u2028", "é中🙂", "\x00"]
)
def test_awkward_text_reaches_the_engine_unchanged(text):
    document = chain(
        node("x", "expressionNode", expressions(grade="name", outcome="'refer'")), inputs=TEXT
    )
    assert evaluate(load_policy(document), {"name": text}).grade == text


def test_a_lone_surrogate_is_refused():
    policy = load_policy(one_table(["name"], [("", "'refer'")], inputs=TEXT))
    with pytest.raises(InputRefusedError):
        evaluate(policy, {"name": "\ud800"})


# ---- failing towards a person ------------------------------------------------------------------
def test_a_hole_refers_and_never_declines():
    result = evaluate(load_policy(with_cell("> 600")), {"score": 600})
    assert (result.outcome, result.codes) == ("refer", ("POLICY_NO_RULE_MATCHED",))


def test_an_unknown_outcome_refers():
    policy = load_policy(one_table(["score"], [("", "'approved'")]))
    assert evaluate(policy, {"score": 600}).codes == ("POLICY_NO_RULE_MATCHED",)


OFFER = ("outcome", "limit_minor", "rate", "term_months")


@pytest.mark.parametrize(
    ("limit", "rate", "term", "complete"),
    [
        ("100", "'0.1'", "12", True),
        ("100", "0.1", "12", True),
        ("100", "0", "1", True),
        ("", "'0.1'", "12", False),
        ("0", "'0.1'", "12", False),
        ("-5", "'0.1'", "12", False),
        ("100.5", "'0.1'", "12", False),
        ("'100'", "'0.1'", "12", False),
        ("100", "", "12", False),
        ("100", "'ten'", "12", False),
        ("100", "'NaN'", "12", False),
        ("100", "-0.1", "12", False),
        ("100", "'10.1'", "12", False),
        ("100", "true", "12", False),
        ("100", "'0.1'", "", False),
        ("100", "'0.1'", "0", False),
        ("100", "'0.1'", "1200", True),
        ("100", "'0.1'", "1201", False),
        ("100", "'0.1'", "1.5", False),
        ("100", "1 / 0", "12", False),
    ],
)
def test_an_approval_without_a_usable_offer_refers(limit, rate, term, complete):
    policy = load_policy(
        one_table(["score"], [("", "'approve'", limit, rate, term)], outputs=OFFER)
    )
    result = evaluate(policy, {"score": 600})
    assert result.outcome == ("approve" if complete else "refer")
    assert result.codes == (() if complete else ("POLICY_OFFER_INCOMPLETE",))


def test_rates_written_as_text_are_exact_and_computed_ones_are_rounded_to_eight_places():
    def rate_of(text):
        row = ("", "'approve'", "100", text, "12")
        return evaluate(
            load_policy(one_table(["score"], [row], outputs=OFFER)), {"score": 600}
        ).nominal_rate

    assert str(rate_of("'0.123456789012345678'")) == "0.123456789012345678"
    assert rate_of("0.0725") == Decimal("0.0725")
    assert rate_of("1 / 3") == Decimal("0.33333333")
    assert rate_of("0.1 + 0.2") == Decimal("0.3")


def test_an_expression_that_cannot_be_computed_names_its_node():
    document = chain(
        node("sum", "expressionNode", expressions(total="amount + 1", outcome="'refer'")),
        inputs=(InputField("amount", nullable=True),),
    )
    with pytest.raises(PolicyFailedError) as caught:
        evaluate(load_policy(document), {})
    assert caught.value.node == "sum"
    assert "amount + 1" in caught.value.reason
    assert "Stack" not in str(caught.value)


@pytest.mark.parametrize(
    ("cell", "null_matches"),
    [("> 5", False), ("<= 5", False), ("[1..9]", False), ("null", True), ("!= 5", True),
     ("not in [5]", True), ("not in [1..9]", False), ("in [null, 5]", True), ("", True),
     ("null, > 5", True), ("== 5", False), ("$ == null or $ > 5", True)],
)  # fmt: skip
def test_null_in_a_cell_means_what_the_language_says(cell, null_matches):
    inputs = (InputField("score", nullable=True),)
    document = one_table(["score"], [(cell, "'decline'"), ("", "'refer'")], inputs=inputs)
    outcome = evaluate(load_policy(document), {"score": None}).outcome
    assert outcome == ("decline" if null_matches else "refer")


# ---- switches ----------------------------------------------------------------------------------
@pytest.mark.parametrize(("score", "branch"), [(601, "yes"), (600, "no")])
def test_a_switch_takes_one_branch_and_the_trace_says_which(score, branch):
    result = evaluate(load_policy(parallel(statements("score > 600", ""))), {"score": score})
    ran = {step.node_id: step for step in result.trace}
    assert ran["s"].branch == branch
    assert ("a" in ran, "b" in ran) == (branch == "yes", branch == "no")


# ---- batches -----------------------------------------------------------------------------------
CASES = st.fixed_dictionaries(
    {
        "score": st.one_of(
            st.floats(300, 850), st.integers(300, 850), st.sampled_from([560, 600, 660, 720])
        ),
        "age": st.one_of(st.integers(0, 130), st.sampled_from([17, 18])),
        "delinquencies": st.one_of(st.none(), st.floats(0, 10), st.sampled_from([3, 2.999999])),
        "region": st.sampled_from([None, "N", "S"]),
    }
)


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(CASES, min_size=1, max_size=20))
def test_a_batch_answers_each_row_as_if_it_were_alone(loans, rows):
    alone = compile_policy(loans.policy, remember=0)
    assert list(loans.evaluate_many(rows)) == [alone.evaluate(row) for row in rows]


EXACT = chain(
    node(
        "x",
        "expressionNode",
        expressions(double="score * 2", outcome="'approve'", limit_minor="score", term_months="1"),
    ),
    node(
        "t",
        "decisionTableNode",
        table(
            ["double", "other"],
            ["rate"],
            [("> 1300", "", "'0.1'"), ("", "> 5 and < 9", "'0.2'"), ("", "", "'0.3'")],
        ),
    ),
    inputs=(SCORE, InputField("other", nullable=True)),
)


@settings(max_examples=100, deadline=None)
@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {"score": st.integers(640, 660), "other": st.sampled_from([None, 5, 5.1, 9, 8.9])}
        ),
        max_size=20,
    )
)
def test_inputs_that_flow_into_outputs_keep_rows_apart(rows):
    compiled = compile_policy(load_policy(EXACT))
    batch = list(compiled.evaluate_many(rows))
    alone = compile_policy(compiled.policy, remember=0)
    assert batch == [alone.evaluate(row) for row in rows]
    assert [result.limit_minor for result in batch] == [row["score"] for row in rows]


def test_cases_beyond_what_is_remembered_are_run_and_right(loans):
    small = compile_policy(loans.policy, remember=2)
    scores = [850, 700, 640, 570, 400, 850, 400]
    assert [small.evaluate(good(score=s)).grade for s in scores] == list("ABCDEAE")


def test_a_bad_row_in_a_batch_is_its_own_error_and_no_one_elses(loans):
    answers = list(loans.evaluate_many([good(), good(score="x"), good(age=17)]))
    assert answers[0].outcome == "approve"
    assert isinstance(answers[1], InputRefusedError)
    assert answers[2].outcome == "decline"


def test_a_row_that_fails_in_a_batch_yields_its_failure():
    document = chain(
        node("sum", "expressionNode", expressions(total="amount + 1", outcome="'refer'")),
        inputs=(InputField("amount", nullable=True),),
    )
    answers = list(evaluate_many(load_policy(document), [{"amount": 1}, {}, {"amount": 2}]))
    assert [type(a).__name__ for a in answers] == [
        "PolicyResult",
        "PolicyFailedError",
        "PolicyResult",
    ]


def test_evaluating_again_gives_the_same_bits(loans):
    first = [loans.evaluate(good(score=s)) for s in range(550, 730, 7)]
    fresh = compile_policy(load_policy(document_from_form(ruled_form())))
    assert [fresh.evaluate(good(score=s)) for s in range(550, 730, 7)] == first
    assert [repr(r) for r in first] == [
        repr(fresh.evaluate(good(score=s))) for s in range(550, 730, 7)
    ]


def test_one_compiled_policy_serves_several_threads(loans):
    compiled = compile_policy(loans.policy, remember=0)
    cases = [good(score=300 + 5 * n, age=10 + n) for n in range(100)]
    expected = [compiled.evaluate(case) for case in cases]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(compiled.evaluate, cases * 4))
    assert found == expected * 4
