"""The form a risk analyst fills in, and the default form from grade boundaries.

`form_document.py` turns it into a JDM document and back. A cut-off belongs to the better side: a
score equal to `approve_at` is approved, a PD equal to `approve_at` is approved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from scoring.engine.policy.errors import PolicyRefusedError, Problem
from scoring.engine.policy.fields import MODEL_SOURCE, InputField
from scoring.engine.policy.result import DECLINE, REFER

SCORE, PD = "score", "pd"
MEASURES = (SCORE, PD)
OPERATORS = ("<", "<=", ">", ">=", "==", "!=", "in", "not in")
IGNORE = "ignore"
MISSING_CHOICES = (REFER, DECLINE, IGNORE)
RATE_STEP = Decimal("0.0001")
DECLINE_CODE = "SCORE_BELOW_CUTOFF"
REFER_CODE = "SCORE_IN_REVIEW_BAND"

RuleValue = Decimal | str | bool | tuple[Decimal, ...] | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HardRule:
    """One hard rule: when it holds, `outcome` follows whatever the score says.

    `on_missing` says what happens when a nullable field is empty, as no rule holds for an empty
    field: `refer` and `decline` add their own row with the code `MISSING_<FIELD>`.
    """

    code: str
    field: str
    operator: str
    value: RuleValue
    outcome: str = DECLINE
    on_missing: str = REFER
    label: str = ""


@dataclass(frozen=True, slots=True)
class GradeBand:
    """A grade and its bound, inclusive: lowest score, or highest PD. The last band has None."""

    grade: str
    bound: Decimal | None


@dataclass(frozen=True, slots=True)
class Price:
    """What a grade is offered: annual nominal rate, limit in minor units, term in months."""

    grade: str
    rate: Decimal
    limit_minor: int
    term_months: int


@dataclass(frozen=True, slots=True)
class PolicyForm:
    """Everything the form shows; grades and prices run from best to worst.

    `minimum` and `maximum` bound the measure and make the tables provable. With both cut-offs equal
    there is no review band, and `refer_code` is not used.
    """

    name: str
    measure: str
    approve_at: Decimal
    refer_at: Decimal
    grades: tuple[GradeBand, ...]
    prices: tuple[Price, ...]
    hard_rules: tuple[HardRule, ...] = ()
    inputs: tuple[InputField, ...] = ()
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    decline_code: str = DECLINE_CODE
    refer_code: str = REFER_CODE

    @property
    def measure_field(self) -> InputField:
        """The declared input that carries the score or the PD."""
        return InputField(
            self.measure, minimum=self.minimum, maximum=self.maximum, source=MODEL_SOURCE
        )


def check_form(form: PolicyForm) -> None:
    """Raise `PolicyRefusedError` with everything that is wrong in the form."""
    problems = [
        *_cutoff_problems(form),
        *_grade_problems(form),
        *_rule_problems(form),
    ]
    if problems:
        raise PolicyRefusedError(tuple(problems))


def default_form(
    *,
    name: str,
    measure: str,
    boundaries: Sequence[tuple[str, Decimal | None]],
    best_rate: Decimal,
    worst_rate: Decimal,
    best_limit_minor: int,
    worst_limit_minor: int,
    limit_step_minor: int,
    term_months: int,
    refer_grades: int = 1,
    decline_grades: int = 1,
    minimum: Decimal | None = None,
    maximum: Decimal | None = None,
) -> PolicyForm:
    """A first policy for a graded model, meant to be edited.

    `boundaries` are (grade, inclusive bound) from best to worst, the last bound None. The last
    `decline_grades` are declined, the `refer_grades` before them referred. Rates rise and limits
    fall in equal steps; rates are rounded half up to 0.01 %, limits down to `limit_step_minor`.
    """
    approved = len(boundaries) - refer_grades - decline_grades
    if approved < 1 or decline_grades < 1 or refer_grades < 0:
        reason = "at least one grade is approved and one declined"
        raise PolicyRefusedError((Problem("form_grades", reason),))
    bounds = [bound for _, bound in boundaries]
    if any(bound is None for bound in bounds[:-1]) or bounds[-1] is not None:
        raise PolicyRefusedError((Problem("form_grades", "only the last grade has no bound"),))
    approve_at, refer_at = bounds[approved - 1], bounds[approved + refer_grades - 1]
    assert approve_at is not None
    assert refer_at is not None
    form = PolicyForm(
        name=name,
        measure=measure,
        approve_at=approve_at,
        refer_at=refer_at,
        grades=tuple(GradeBand(grade, bound) for grade, bound in boundaries),
        prices=_default_prices(
            [grade for grade, _ in boundaries],
            rates=(best_rate, worst_rate),
            limits=(best_limit_minor, worst_limit_minor),
            step=limit_step_minor,
            term_months=term_months,
        ),
        minimum=minimum,
        maximum=maximum,
        decline_code=DECLINE_CODE if measure == SCORE else "PD_ABOVE_CUTOFF",
        refer_code=REFER_CODE if measure == SCORE else "PD_IN_REVIEW_BAND",
    )
    check_form(form)
    return form


def _default_prices(
    grades: list[str],
    *,
    rates: tuple[Decimal, Decimal],
    limits: tuple[int, int],
    step: int,
    term_months: int,
) -> tuple[Price, ...]:
    prices = []
    for index, grade in enumerate(grades):
        share = Decimal(index) / Decimal(max(len(grades) - 1, 1))
        rate = (rates[0] + (rates[1] - rates[0]) * share).quantize(RATE_STEP, ROUND_HALF_UP)
        limit = limits[0] + (limits[1] - limits[0]) * share
        steps = (limit / step).to_integral_value(ROUND_DOWN)
        prices.append(Price(grade, rate, max(int(steps), 1) * step, term_months))
    return tuple(prices)


def _cutoff_problems(form: PolicyForm) -> list[Problem]:
    problems = []
    if form.measure not in MEASURES:
        problems.append(Problem("form_measure", f"the measure is one of {MEASURES}"))
    ordered = (
        form.approve_at >= form.refer_at
        if form.measure == SCORE
        else form.approve_at <= form.refer_at
    )
    if not ordered:
        problems.append(Problem("form_cutoff", "the approval cut-off is on the wrong side"))
    return problems


def _grade_problems(form: PolicyForm) -> list[Problem]:
    problems = []
    bounds = [band.bound for band in form.grades]
    if not bounds or bounds[-1] is not None or any(bound is None for bound in bounds[:-1]):
        return [Problem("form_grades", "every grade but the last has a bound")]
    inner = [bound for bound in bounds if bound is not None]
    better = inner == sorted(set(inner), reverse=form.measure == SCORE)
    if not better:
        problems.append(Problem("form_grades", "bounds run strictly from best to worst"))
    names = [band.grade for band in form.grades]
    if len(set(names)) != len(names) or not all(names):
        problems.append(Problem("form_grades", "grades have different names"))
    if [price.grade for price in form.prices] != names:
        problems.append(Problem("form_prices", "there is one price for each grade, in order"))
    for price in form.prices:
        if price.rate < 0 or price.limit_minor < 1 or price.term_months < 1:
            reason = "rate is not negative, limit and term are positive"
            problems.append(Problem("form_prices", reason, row=price.grade))
    return problems


def _rule_problems(form: PolicyForm) -> list[Problem]:
    problems = []
    fields = {field.name: field for field in (*form.inputs, form.measure_field)}
    if len(fields) != len(form.inputs) + 1:
        problems.append(Problem("form_inputs", "two inputs share one name"))
    for rule in form.hard_rules:
        if rule.field not in fields:
            problems.append(Problem("form_rule", f"{rule.field!r} is not declared", row=rule.code))
        if rule.operator not in OPERATORS:
            problems.append(Problem("form_rule", f"operator {rule.operator!r}", row=rule.code))
        if isinstance(rule.value, tuple) != (rule.operator in ("in", "not in")):
            problems.append(Problem("form_rule", "a list goes with 'in' only", row=rule.code))
        if rule.outcome not in (DECLINE, REFER) or rule.on_missing not in MISSING_CHOICES:
            problems.append(Problem("form_rule", "decline or refer is expected", row=rule.code))
        if not rule.code:
            problems.append(Problem("form_rule", "each rule has its code", row=rule.field))
    return problems
