"""Holes and dead rows: known tables, and every small table against brute force."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.engine.policy import (
    InputField,
    check_tables,
    compile_policy,
    document_from_form,
    load_policy,
)
from scoring.engine.policy.gaps import MAX_CASES

from .documents import SCORE, chain, expressions, node, one_table, ruled_form, table
from .test_admission import statements

AGE = InputField("age", "integer", minimum=Decimal(18), maximum=Decimal(99))
REGION = InputField("region", "string", values=("N", "S"))


def report(columns, rows, inputs=(SCORE,)):
    policy = load_policy(one_table(columns, [(*row, "'refer'") for row in rows], inputs=inputs))
    return check_tables(policy)[0]


def holes(found):
    return [dict(hole.conditions) for hole in found.holes]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([">= 600", "< 600"], []),
        ([">= 600", "<= 600"], []),
        (["> 600", "< 600"], [{"score": "600"}]),
        (["[300..600)", "[600..850]"], []),
        (["[300..600)", "(600..850]"], [{"score": "600"}]),
        (["[300..600]", "[601..850]"], [{"score": "(600..601)"}]),
        (["(300..850)"], [{"score": "300"}, {"score": "850"}]),
        (["[300..850)"], [{"score": "850"}]),
        (["[400..500]"], [{"score": "[300..400)"}, {"score": "(500..850]"}]),
        (["> 600"], [{"score": "[300..600]"}]),
        (["< 200", ">= 300"], []),
        ([""], []),
        (["in [600, 700]"], [{"score": "[300..600)"}, {"score": "(600..700)"},
                             {"score": "(700..850]"}]),
        (["not in [600]"], [{"score": "600"}]),
        (["!= 600", "600"], []),
    ],
)  # fmt: skip
def test_holes_in_one_number_are_exact_at_the_borders(cells, expected):
    found = report(["score"], [(cell,) for cell in cells])
    assert found.provable
    assert holes(found) == expected
    assert found.sound is (not expected and not found.dead_rows)


def test_whole_numbers_leave_no_hole_between_neighbours():
    assert holes(report(["age"], [("[18..40]",), ("[41..99]",)], (AGE,))) == []
    assert holes(report(["age"], [("[18..40)",), ("[41..99]",)], (AGE,))) == [{"age": "40"}]


def test_an_unbounded_number_is_open_at_both_ends():
    free = (InputField("x"),)
    assert holes(report(["x"], [("[0..1]",)], free)) == [{"x": "< 0"}, {"x": "> 1"}]
    assert holes(report(["x"], [("<= 1",), ("> 1",)], free)) == []


def test_null_is_a_hole_of_its_own_unless_a_row_takes_it():
    nullable = (InputField("x", nullable=True),)
    assert holes(report(["x"], [("<= 1",), ("> 1",)], nullable)) == [{"x": "null"}]
    assert holes(report(["x"], [("null, <= 1",), ("> 1",)], nullable)) == []
    assert holes(report(["x"], [("!= 1",), ("1",)], nullable)) == []


def test_categories_are_checked_against_their_declared_list():
    assert holes(report(["region"], [("'N'",)], (REGION,))) == [{"region": "'S'"}]
    assert holes(report(["region"], [("'N', 'S'",)], (REGION,))) == []
    free = (InputField("region", "string"),)
    assert holes(report(["region"], [("'N'",), ("'S'",)], free)) == [{"region": "any other text"}]
    assert report(["region"], [("'E'",), ("",)], (REGION,)).dead_rows[0].why == "impossible"


def test_true_and_false_are_two_cases():
    flag = (InputField("flag", "boolean"),)
    assert holes(report(["flag"], [("true",)], flag)) == [{"flag": "false"}]
    assert holes(report(["flag"], [("true",), ("false",)], flag)) == []


def test_holes_of_two_columns_name_both():
    found = report(
        ["score", "region"],
        [(">= 600", ""), ("< 600", "'N'")],
        (SCORE, REGION),
    )
    assert holes(found) == [{"score": "[300..600)", "region": "'S'"}]


def test_shadowed_rows_name_who_takes_their_cases():
    found = report(["score"], [(">= 600",), (">= 650",), ("< 600",), ("[300..850]",)])
    assert [(row.row_id, row.why, row.shadowed_by) for row in found.dead_rows] == [
        ("r1", "shadowed", ("r0",)),
        ("r3", "shadowed", ("r0", "r2")),
    ]


def test_a_row_is_live_when_one_single_value_is_left_to_it():
    assert report(["score"], [("> 600",), (">= 600",), ("< 600",)]).dead_rows == ()
    dead = report(["score"], [(">= 600",), (">= 600",), ("< 600",)]).dead_rows
    assert [row.row_id for row in dead] == ["r1"]


def test_a_last_row_without_tests_behind_a_complete_table_is_a_safety_net():
    found = report(["score"], [(">= 600",), ("< 600",), ("",)])
    assert [(row.row_id, row.why) for row in found.dead_rows] == [("r2", "safety_net")]
    assert found.sound


def test_rows_whose_tests_exclude_each_other_are_impossible():
    found = report(["score", "score"], [("> 600", "< 500"), ("", "")])
    assert [(row.row_id, row.why) for row in found.dead_rows] == [("r0", "impossible")]


def test_collect_tables_have_no_holes_and_no_shadows():
    content = table(["score"], ["code"], [("> 600", "'A'"), ("> 700", "'B'"), ("> 900", "'C'")],
                    path="hits", policy="collect")  # fmt: skip
    document = chain(
        node("c", "decisionTableNode", content),
        node("x", "expressionNode", expressions(outcome="'refer'")),
    )
    found = check_tables(load_policy(document))[0]
    assert (found.holes, [row.row_id for row in found.dead_rows]) == ((), ["r2"])


def test_an_empty_table_is_one_hole():
    assert holes(report(["score"], [])) == [{}]


@pytest.mark.parametrize(
    ("columns", "rows"),
    [
        (["score"], [("$ + 1 > 5",)]),
        (["score"], [("> age",)]),
        (["score * 2"], [("> 5",)]),
        (["score"], [("in [300..age]",)]),
        (["score"], [("$ > 5 and age > 3",)]),
    ],
)
def test_what_computes_is_said_not_to_be_provable(columns, rows):
    found = report(columns, rows, (SCORE, AGE))
    assert not found.provable
    assert found.reason
    assert not found.sound


def test_too_many_cases_are_said_not_to_be_provable():
    inputs = tuple(InputField(f"x{n}") for n in range(12))
    found = report([item.name for item in inputs], [tuple(["> 1"] * 12), ("",) * 12], inputs)
    assert MAX_CASES < 3**12
    assert not found.provable


def test_columns_without_a_field_are_conditions():
    document = one_table(["score"], [("score >= 600", "'refer'"), ("score < 600", "'decline'")])
    document["nodes"][1]["content"]["inputs"][0]["field"] = ""
    assert check_tables(load_policy(document))[0].sound
    document["nodes"][1]["content"]["rules"][1]["i0"] = "not (score >= 599)"
    assert holes(check_tables(load_policy(document))[0]) == [{"score": "[599..600)"}]


# ---- values computed by earlier tables ---------------------------------------------------------
def graded(first_rows, second_rows):
    return chain(
        node("g", "decisionTableNode", table(["score"], ["grade"], first_rows)),
        node("p", "decisionTableNode", table(["grade"], ["outcome"], second_rows)),
    )


def test_a_later_table_knows_what_an_earlier_one_can_write():
    first = [(">= 600", "'A'"), ("", "'B'")]
    full = check_tables(load_policy(graded(first, [("'A'", "'refer'"), ("'B'", "'decline'")])))
    assert [item.sound for item in full] == [True, True]
    short = check_tables(load_policy(graded(first, [("'A'", "'refer'")])))
    assert holes(short[1]) == [{"grade": "'B'"}]
    assert short[1].holes[0].derived


def test_a_hole_upstream_makes_null_possible_downstream():
    found = check_tables(load_policy(graded([(">= 600", "'A'")], [("'A'", "'refer'")])))
    assert holes(found[1]) == [{"grade": "null"}]


def test_a_table_below_a_switch_may_not_have_run():
    document = {
        "nodes": [
            node("in", "inputNode", {"schema": one_schema()}),
            node("s", "switchNode", statements("score > 600", "")),
            node("g", "decisionTableNode", table(["score"], ["grade"], [("", "'A'")])),
            node("p", "decisionTableNode", table(["grade"], ["outcome"], [("'A'", "'refer'")])),
            node("out", "outputNode"),
        ],
        "edges": [
            {"id": "1", "sourceId": "in", "targetId": "s"},
            {"id": "2", "sourceId": "s", "targetId": "g", "sourceHandle": "yes"},
            {"id": "3", "sourceId": "s", "targetId": "p", "sourceHandle": "no"},
            {"id": "4", "sourceId": "g", "targetId": "p"},
            {"id": "5", "sourceId": "p", "targetId": "out"},
        ],
    }
    found = check_tables(load_policy(document))
    assert holes(found[1]) == [{"grade": "null"}]


def one_schema():
    return chain()["nodes"][0]["content"]["schema"]


def test_every_table_of_a_form_is_sound():
    assert all(r.sound for r in check_tables(load_policy(document_from_form(ruled_form()))))


# ---- brute force -------------------------------------------------------------------------------
NUMBERS = [Decimal(n) / 2 for n in range(13)]
SMALL = InputField("x", nullable=True, minimum=Decimal(0), maximum=Decimal(6))
LETTER = InputField("k", "string", values=("a", "b", "c"), nullable=True)


@st.composite
def number_cells(draw):
    a, b = sorted([draw(st.integers(0, 6)), draw(st.integers(0, 6))])
    forms = ["", f"> {a}", f">= {a}", f"< {b}", f"<= {b}", f"{a}", f"!= {a}", f"in [{a}, {b}]",
             f"not in [{a}, {b}]", "null", f"null, > {a}", f"[{a}..{b}]"]  # fmt: skip
    if a < b:
        forms += [f"[{a}..{b})", f"({a}..{b}]", f"({a}..{b})", f"not in ({a}..{b}]"]
    return draw(st.sampled_from(forms))


letter_cells = st.sampled_from(
    ["", "'a'", "'b', 'c'", "!= 'a'", "null", "null, 'c'", "not in ['a', 'b']", "'d'"]
)


@settings(max_examples=80, deadline=None)
@given(rows=st.lists(st.tuples(number_cells(), letter_cells), min_size=1, max_size=5))
def test_small_tables_agree_with_running_the_engine_on_every_case(rows):
    document = one_table(["x", "k"], [(*row, "'decline'") for row in rows], inputs=(SMALL, LETTER))
    policy = load_policy(document)
    found = check_tables(policy)[0]
    compiled = compile_policy(policy, remember=0)
    hits, hole = set(), False
    for x in [None, *NUMBERS]:
        for k in [None, "a", "b", "c"]:
            result = compiled.evaluate({"x": x, "k": k})
            hits |= {hit.row_id for hit in result.hits}
            hole = hole or not result.hits
    assert found.provable
    assert bool(found.holes) is hole
    assert {row.row_id for row in found.dead_rows} == {f"r{n}" for n in range(len(rows))} - hits
