"""Grades of a first policy: about a fifth of the rows each, and never fewer than two."""

from decimal import Decimal

import pytest

from scoring.engine.policy import default_form, document_from_form, form_from_document
from scoring.services.drafting import grade_bounds


def report(cells: list[tuple[int, int]]) -> dict[str, object]:
    """A report whose last part has so many rows in each cell of scores (from, rows)."""
    rows = [[low, low + 9, count - 1, 1] for low, count in cells]
    return {"parts": [{"distribution": []}, {"distribution": rows}]}


def test_fifths_from_the_top_down():
    cells = [(low, 100) for low in range(400, 500, 10)]
    assert grade_bounds(report(cells), (380, 520)) == [
        ("A", Decimal(480)),
        ("B", Decimal(460)),
        ("C", Decimal(440)),
        ("D", Decimal(420)),
        ("E", None),
    ]


def test_a_crowded_score_does_not_empty_a_grade():
    bounds = grade_bounds(report([(400, 10), (410, 900), (420, 30), (430, 60)]), (400, 600))
    assert [name for name, _ in bounds] == ["A", "B", "C", "D", "E"]
    scores = [bound for _, bound in bounds[:-1]]
    assert scores == sorted(set(scores), reverse=True)


@pytest.mark.parametrize("score_range", [(500, 501), (500, 502), (500, 504), (0, 1000)])
def test_few_scores_still_make_a_policy(score_range):
    bounds = grade_bounds(report([(500, 50)]), score_range)
    assert len(bounds) >= 2
    form = default_form(
        name="Few",
        measure="score",
        boundaries=bounds,
        best_rate=Decimal("0.07"),
        worst_rate=Decimal("0.18"),
        best_limit_minor=100_000,
        worst_limit_minor=10_000,
        limit_step_minor=1_000,
        term_months=12,
        refer_grades=1 if len(bounds) > 2 else 0,
        minimum=Decimal(score_range[0]),
        maximum=Decimal(score_range[1]),
    )
    assert form_from_document(document_from_form(form)) == form
