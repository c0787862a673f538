"""What became of a case: the border of the window, restated words, and cohorts compared at the same age."""

from datetime import date, timedelta

import numpy as np
import pytest

from scoring.engine.outcomes import (
    DefaultRule,
    Observed,
    Performance,
    Result,
    add_months,
    months_between,
    performance,
    vintages,
)

DECIDED = date(2024, 1, 31)
RULE = DefaultRule(90, 12)
LATER = date(2026, 1, 1)


def judged(*observed: Observed, rule: DefaultRule = RULE, today: date = LATER) -> Performance:
    return performance(DECIDED, observed, rule, today=today)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2023, 1, 31), 1, date(2023, 2, 28)),
        (date(2024, 1, 31), 12, date(2025, 1, 31)),
        (date(2024, 11, 30), 3, date(2025, 2, 28)),
        (date(2024, 5, 15), 0, date(2024, 5, 15)),
    ],
)
def test_months_end_on_the_same_day_or_the_last(day, months, expected):
    assert add_months(day, months) == expected
    assert months_between(day, expected) == months


def test_months_between_counts_whole_ones():
    for days in range(0, 800, 7):
        day = DECIDED + timedelta(days=days)
        whole = months_between(DECIDED, day)
        assert add_months(DECIDED, whole) <= day < add_months(DECIDED, whole + 1)


def test_the_border_of_days_and_of_the_window():
    end = date(2025, 1, 31)
    assert judged(Observed(end, 90)).result is Result.BAD
    assert judged(Observed(end, 89)).result is Result.GOOD
    assert judged(Observed(end + timedelta(1), 90)).result is Result.GOOD
    assert judged(Observed(DECIDED - timedelta(1), 90)).result is Result.OPEN
    assert judged(Observed(DECIDED, 90)).default_month == 1


def test_good_only_when_reported_to_the_end_or_closed_before():
    middle = date(2024, 8, 1)
    assert judged(Observed(middle, 0)).result is Result.OPEN
    assert judged().result is Result.OPEN
    assert judged(Observed(middle, 0, closed=True)).result is Result.GOOD
    assert judged(Observed(middle, 95)).result is Result.BAD, "bad is known before the window ends"


def test_what_is_said_of_the_future_does_not_count_today():
    assert judged(Observed(date(2025, 1, 31), 120), today=date(2024, 6, 1)).result is Result.OPEN


def test_the_banks_own_flag_counts_where_it_is_asked_for():
    flagged = Observed(date(2024, 3, 1), 10, in_default=True)
    assert judged(flagged).result is Result.BAD
    assert judged(flagged, rule=DefaultRule(90, 12, use_flag=False)).result is Result.OPEN


def test_vintages_against_a_count_by_hand():
    draw = np.random.default_rng(5)
    cases = []
    for n in range(300):
        month = int(draw.integers(1, 4))
        seen = int(draw.integers(0, 13))
        default = int(draw.integers(1, seen + 1)) if seen and draw.random() < 0.3 else None
        found = Performance(Result.BAD if default else Result.OPEN, default, seen)
        cases.append((date(2024, month, 1 + n % 28), found))
    found = vintages(cases, 12)
    assert [v.month for v in found] == ["2024-01", "2024-02", "2024-03"]
    for vintage in found:
        members = [p for day, p in cases if f"{day:%Y-%m}" == vintage.month]
        assert vintage.cases == len(members)
        for age in range(1, 13):
            bad = [p for p in members if p.default_month is not None and p.default_month <= age]
            known = [p for p in members if p in bad or p.seen_months >= age]
            assert vintage.counts[age - 1] == len(known)
            expected = len(bad) / len(known) if known else None
            assert vintage.rates[age - 1] == (
                expected if expected is None else pytest.approx(expected)
            )


def test_too_few_cases_give_no_rate():
    (one,) = vintages([(DECIDED, Performance(Result.GOOD, None, 12))], 3, fewest=2)
    assert one.rates == (None, None, None)
    assert one.counts == (1, 1, 1)
