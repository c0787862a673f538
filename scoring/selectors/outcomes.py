"""What became of cases, and how predictions held: worked out from observations by the definition in force."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from django.db.models import QuerySet

from core.clock import now
from core.errors import NotFound
from core.tenancy import current_bank
from ml.grade_tests import GradeTest, grade_test, hosmer_lemeshow
from ml.reliability import CalibrationRow, calibration_table
from scoring.engine.outcomes import (
    DefaultRule,
    Observed,
    Performance,
    Result,
    Vintage,
    performance,
    vintages,
)
from scoring.models import Decision, DefaultDefinition, Model, OutcomeObservation

# Newest decisions looked at; a page that shows part of them says so.
CASES_LIMIT = 200_000
FEWEST_CASES = 10
BANDS = 10


@dataclass(frozen=True, slots=True)
class DefinitionView:
    """The definition of default in force; `set_by` is empty for the default."""

    days_past_due: int
    months: int
    use_flag: bool
    set_by: str = ""
    set_at: datetime | None = None

    @property
    def rule(self) -> DefaultRule:
        return DefaultRule(self.days_past_due, self.months, self.use_flag)


@dataclass(frozen=True, slots=True)
class OutcomeView:
    """One observation; `current` when no later word for the same day exists."""

    as_of: date
    days_past_due: int
    balance_minor: int | None
    in_default: bool
    closed: bool
    known_at: datetime
    source: str
    told_by: str
    current: bool


@dataclass(frozen=True, slots=True)
class CaseView:
    """A decision with what became of it."""

    decided: date
    score: int
    pd: float
    grade: str
    performance: Performance


@dataclass(frozen=True, slots=True)
class PerformanceView:
    """A model's predictions against what happened, over matured cases alone; `open` ones wait."""

    model_id: str
    model: str
    definition: DefinitionView
    cases: int
    matured: int
    bads: int
    open: int
    grades: tuple[GradeTest, ...]
    bands: tuple[CalibrationRow, ...]
    vintages: tuple[Vintage, ...]
    hosmer_lemeshow: float
    hosmer_lemeshow_p: float
    as_of: datetime


def definition_in_force() -> DefinitionView:
    """The bank's own, else 90 days past due within twelve months (Basel: the usual backstop)."""
    row = DefaultDefinition.objects.order_by("-id").first()
    if row is None:
        rule = DefaultRule()
        return DefinitionView(rule.days_past_due, rule.months, rule.use_flag)
    return DefinitionView(
        row.days_past_due, row.months, row.use_flag, row.set_by_label, row.created_at
    )


def outcome_rows() -> QuerySet[OutcomeObservation]:
    """Observations, newest first."""
    return OutcomeObservation.objects.order_by("-id")


def outcomes_of(application_id: UUID) -> list[OutcomeView]:
    """All that was ever said of a case, by day, the newest word first."""
    rows = OutcomeObservation.objects.filter(application_id=application_id)
    out: list[OutcomeView] = []
    for row in rows.order_by("as_of", "-known_at", "-id"):
        current = not out or out[-1].as_of != row.as_of
        out.append(
            OutcomeView(
                row.as_of, row.days_past_due, row.balance_minor, row.in_default, row.closed,
                row.known_at, row.source, row.told_by, current,
            )
        )  # fmt: skip
    return out


def outcomes_of_decision(decision_id: str) -> list[OutcomeView]:
    """The same by a decision's id. Raises `NotFound`."""
    found = Decision.objects.filter(pk=decision_id).values_list("application_id", flat=True).first()
    if found is None:
        raise NotFound("No such decision.")
    return outcomes_of(found)


def cases_of(model_id: str, rule: DefaultRule) -> list[CaseView]:
    """The last decision of every application of a model of which anything was reported."""
    decisions = (
        Decision.objects.filter(model_id=model_id, application__outcomes__isnull=False)
        .order_by("application_id", "-id")
        .distinct("application_id")
        .values_list("application_id", "decided_at", "score", "pd", "grade")[:CASES_LIMIT]
    )
    rows = list(decisions)
    seen = _current([row[0] for row in rows])
    zone, moment = ZoneInfo(current_bank().time_zone), now()
    today = moment.astimezone(zone).date()
    return [
        CaseView(
            decided := at.astimezone(zone).date(),
            score,
            pd,
            grade,
            performance(decided, seen.get(key, ()), rule, today=today),
        )
        for key, at, score, pd, grade in rows
    ]


def _current(applications: Sequence[UUID]) -> dict[UUID, list[Observed]]:
    """The newest word for each day of each case."""
    rows = (
        OutcomeObservation.objects.filter(application_id__in=list(applications))
        .order_by("application_id", "as_of", "-known_at", "-id")
        .distinct("application_id", "as_of")
        .values_list("application_id", "as_of", "days_past_due", "in_default", "closed")
    )
    out: dict[UUID, list[Observed]] = {}
    for key, as_of, days, in_default, closed in rows:
        out.setdefault(key, []).append(Observed(as_of, days, in_default, closed))
    return out


def performance_of(model_id: str) -> PerformanceView:
    """How a model's predictions held. Raises `NotFound`."""
    model = Model.objects.filter(pk=model_id).first()
    if model is None:
        raise NotFound("No such model.")
    definition = definition_in_force()
    cases = cases_of(model_id, definition.rule)
    matured = [case for case in cases if case.performance.result is not Result.OPEN]
    flags = [int(case.performance.result is Result.BAD) for case in matured]
    tests = _by_grade(matured)
    statistic, p = hosmer_lemeshow(tests)
    both = 0 < sum(flags) < len(flags)
    return PerformanceView(
        model_id=str(model.pk),
        model=model.name,
        definition=definition,
        cases=len(cases),
        matured=len(matured),
        bads=sum(flags),
        open=len(cases) - len(matured),
        grades=tests,
        bands=_bands(matured, flags) if both else (),
        vintages=vintages(
            [(case.decided, case.performance) for case in cases],
            definition.months,
            fewest=FEWEST_CASES,
        ),
        hosmer_lemeshow=statistic,
        hosmer_lemeshow_p=p,
        as_of=now(),
    )


def _by_grade(matured: Sequence[CaseView]) -> tuple[GradeTest, ...]:
    """One test a grade, best first by predicted PD."""
    members: dict[str, list[CaseView]] = {}
    for case in matured:
        members.setdefault(case.grade or "–", []).append(case)
    tests = [
        grade_test(
            name,
            [int(c.performance.result is Result.BAD) for c in group],
            [c.pd for c in group],
        )
        for name, group in members.items()
    ]
    return tuple(sorted(tests, key=lambda test: test.predicted))


def _bands(matured: Sequence[CaseView], flags: Sequence[int]) -> tuple[CalibrationRow, ...]:
    return calibration_table(
        np.array(flags), np.array([case.pd for case in matured]), min(BANDS, len(matured))
    )
