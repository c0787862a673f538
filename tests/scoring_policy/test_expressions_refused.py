"""What the language does not know is refused, with the place and the reason."""

from __future__ import annotations

from decimal import Decimal

import pytest

from scoring.engine.policy import ExpressionRefusedError, InputField, validate_document
from scoring.engine.policy.grammar import parse_cell, parse_expression, parse_name
from scoring.engine.policy.syntax import AnyOf, Binary, Cell, In, Literal, Range

from .documents import one_table, with_cell, with_expression

INJECTIONS = [
    # other languages
    "__import__('os').system('id')", "eval('1')", "exec('1')", "open('/etc/passwd')",
    "().__class__.__bases__", "''.__class__", "globals()", "locals()", "vars()", "dir()",
    "lambda x: x", "[x for x in y]", "{x: 1}", "f'{score}'", "score if 1 else 2",
    "import os", "import('fs')", "require('fs')", "require('http').get('x')",
    "process.exit()", "console.log(1)", "fetch('http://x')", "new Function('x')()",
    "Function('x')()", "constructor", "score.constructor", "score.constructor.constructor('x')()",
    "a.__proto__", "__proto__.x", "this.x()", "window.location()", "globalThis.x()",
    "(function(){})()", "() => 1", "async () => 1", "await x", "while(true){}", "for(;;){}",
    "if (1) { 2 }", "var x = 1", "let x = 1", "const x = 1", "return 1", "throw 1", "x = 1",
    "x := 1", "x += 1", "x++", "++x", "--x", "x--", "x -> y", "delete x.y", "typeof x",
    "void 0", "x instanceof y", "x?.y", "x ?? 1", "x ? 1 : 2", "x | y", "x & y", "x || y",
    "x && y", "!x", "~x", "x ^ 2", "x ** 2", "x % 2", "x // 2", "x << 1", "x >> 1", "x === 1",
    "x !== 1", "x <> 1", "x =< 1",
    # this engine's own constructs outside the subset
    "$root", "$root.score", "$nodes", "$nodes.t.score", "$nodes['t']", "#", "# > 1",
    "map(x, # + 1)", "filter([1], # > 0)", "all([1], # > 0)", "some([1], # > 0)",
    "none([1], # > 0)", "one([1], # > 0)", "count([1], # > 0)", "flatMap([1], #)",
    "`${score}`", "`text`", "`", "date('2026-01-01')", "date('now')", "d()", "d('now')",
    "time('10:00')", "duration('1h')", "year(score)", "dateString(score)", "rand(10)",
    "random()", "now()", "today()", "string(score)", "number('1')", "bool(1)", "type(score)",
    "isNumeric('1')", "matches('a', '(a+)+$')", "extract('a', 'a')", "contains('a', 'a')",
    "startsWith('a', 'a')", "endsWith('a', 'a')", "upper('a')", "lower('a')", "trim('a')",
    "split('a', '')", "join(['a'], '')", "fuzzyMatch('a', 'b')", "keys(x)", "values(x)",
    "merge([x])", "sum([1])", "avg([1])", "median([1])", "mode([1])", "sort([1])", "trunc(1)",
    "score['x']", "score[0]", "[1, 2][0]", "{}", "{a: 1}", "{[score]: 1}", "[1, 2][0..1]",
    "]1..2[", "1 in ]1..2[", "1..2", "if score then 1 else 2",
    # broken or hidden text
    "", "   ", "(", ")", "((1)", "1)", "[1", "1,", ", 1", "1 2", "1 +", "* 1", "and", "or 1",
    "not", "in", "1 in", "1 in 2", "1 in score", "not not true", "1 < 2 < 3", "1 == 1 == true",
    "1 in [1] in [true]", "'unclosed", '"unclosed', "'it\\'s'", "'a\\u0041'", "'a\nb'",
    "'a\x00b'", "score\x00", "score; 1", "score\u202e", "\u200bscore", "ｓcore", "scоre",
    "1e5", "1E5", "0x10", "1_000", "1.", ".5", "1.2.3", "1..", "Infinity()", "-'a'",
    "--1", "- -1", "+1", "1 @ 2", "score:1", "score.", ".score", "score..x", "true()", "null.x",
    "min(1, 2)", "max(score)", "round(1, score)", "round(1, 99)", "round(1, -1)", "round(1,2,3)",
    "abs()", "abs(1, 2)", "len()", "min([])",
]  # fmt: skip


@pytest.mark.parametrize("text", INJECTIONS)
def test_nothing_outside_the_language_is_parsed(text):
    with pytest.raises(ExpressionRefusedError):
        parse_expression(text)


UNKNOWN_NAMES = ["process.env", "NaN", "Infinity", "undefined", "window.location", "scores"]


@pytest.mark.parametrize("text", [*UNKNOWN_NAMES, *(t for t in INJECTIONS if t.strip())])
def test_nothing_outside_the_language_is_admitted_in_any_place(text):
    in_output = one_table(["score"], [("> 1", text)])
    in_header = one_table([text], [("> 1", "'approve'")])
    for document in (with_expression(text), in_output, in_header):
        assert validate_document(document)


CELLS = [
    "-", "--", "score", "abs(score)", "> ", ">> 1", "=> 1", "> 1 or < 5", "> 1, and < 2",
    "> 1 and", "> 1 and < 2, 5", "5, > 1 and < 2", "5 and > 1", "not(> 5)", "not (1, 2)", "not 1",
    "< 5, null", "1, 2, null", "1,, 2", "1,", "[1..2", "1..2]", "]1..2[", "[2..1]", "[1..1)",
    "(1..1)", "(1..1]", "[..5]", "[1..]", "in", "in 1", "not in", "in [score]", "in []",
    "`x`", "$root > 1", "$nodes.x > 1", "$.x > 1", "# > 1", "$ ? 1 : 2", "$ ?? 1 > 2",
    "contains($, 'a')", "matches($, 'a')", "d($) > d('now')", "> rand(1)", "{}", "$ = 1",
    "> 1 // comment", "> 1 -- comment", "> 1 /* c */", "$['x'] > 1", "$.constructor", "[1, 2]",
    "'a\\'b'", "> 'a'", "'text'", "true", "> null", "[1..null]", "$ and true", "$ + 1",
]  # fmt: skip


@pytest.mark.parametrize("cell", CELLS)
def test_cells_outside_the_language_or_of_the_wrong_type_are_not_admitted(cell):
    problems = validate_document(with_cell(cell))
    assert [(p.code, p.node, p.row, p.column) for p in problems] == [
        ("expression", "t", "r0", "i0")
    ]


@pytest.mark.parametrize(
    ("cell", "tree"),
    [
        ("", AnyOf(())),
        ("  ", AnyOf(())),
        ("5", Binary("==", Cell(), Literal(Decimal(5)))),
        ("-5", Binary("==", Cell(), Literal(Decimal(-5)))),
        (">= -0.5", Binary(">=", Cell(), Literal(Decimal("-0.5")))),
        (
            "[1..2)",
            In(Cell(), Range(Literal(Decimal(1)), Literal(Decimal(2)), True, False), False),
        ),
        (
            "null, 5",
            AnyOf(
                (
                    Binary("==", Cell(), Literal(None)),
                    Binary("==", Cell(), Literal(Decimal(5))),
                )
            ),
        ),
    ],
)
def test_cells_of_the_language_have_one_reading(cell, tree):
    assert parse_cell(cell) == tree


def test_and_binds_closer_than_or_and_sums_closer_than_comparisons():
    spaced = parse_expression("a or b and c + 1 * 2 > 3")
    grouped = parse_expression("a or (b and ((c + (1 * 2)) > 3))")
    assert spaced == grouped


@pytest.mark.parametrize("text", ["a", "a.b", "a_1.b2.C"])
def test_names_are_dotted_identifiers(text):
    assert parse_name(text) == tuple(text.split("."))


@pytest.mark.parametrize("text", ["", "a.", "a b", "in", "a.not", "1a", "a[]", "a-b", "$.a", "名"])
def test_other_names_are_refused(text):
    with pytest.raises(ExpressionRefusedError):
        parse_name(text)


def test_numbers_have_at_most_fifteen_digits_before_and_twelve_after_the_point():
    assert parse_expression("9" * 15 + "." + "9" * 12)
    for text in ("9" * 16, "0." + "9" * 13):
        with pytest.raises(ExpressionRefusedError, match="15 digits"):
            parse_expression(text)


TYPED = (
    InputField("score"),
    InputField("region", "string", values=("N",)),
    InputField("flag", "boolean"),
)


@pytest.mark.parametrize(
    "text",
    [
        "score == 'a'", "region > 1", "region + 1", "not score", "flag and score", "flag > 1",
        "region in [1..2]", "score in ['a']", "abs(region)", "max([score, region])", "len(score)",
        "unknown > 1", "score.x > 1", "$.score > 1", "-region == 1", "len([1]) == [1]",
    ],
)  # fmt: skip
def test_comparisons_that_could_never_hold_are_refused(text):
    problems = validate_document(with_expression(text, inputs=TYPED))
    assert "expression" in {problem.code for problem in problems}


@pytest.mark.parametrize(
    "text",
    ["score == 1", "region == 'a'", "region != null", "not flag", "flag and score > 1",
     "score in [1..2]", "region in ['a', null]", "abs(score) > 1", "len(region) > 1",
     "max([score, 1]) > 1"],
)  # fmt: skip
def test_well_typed_expressions_are_admitted(text):
    assert validate_document(with_expression(text, inputs=TYPED)) == ()
