"""Between the form as JSON and the engine's form."""

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from core.errors import FieldError
from scoring.contracts import InputIn, PolicyFormIn
from scoring.engine.policy import (
    FormMismatchError,
    GradeBand,
    HardRule,
    InputField,
    PolicyForm,
    Price,
    Problem,
    form_from_document,
)

# "1e999999999" is ten characters that would be written out as a gigabyte.
POWER, DIGITS = 15, 12


def to_form(given: PolicyFormIn) -> PolicyForm:
    """The engine's form. Raises `ValueError` about a number out of bounds or a rule's value."""
    numbers = [given.approve_at, given.refer_at, given.minimum, given.maximum]
    numbers += [g.bound for g in given.grades] + [p.rate for p in given.prices]
    numbers += [bound for field in given.inputs for bound in (field.minimum, field.maximum)]
    for number in numbers:
        _bounded(number)
    return PolicyForm(
        name=given.name,
        measure=given.measure,
        approve_at=given.approve_at,
        refer_at=given.refer_at,
        grades=tuple(GradeBand(g.grade, g.bound) for g in given.grades),
        prices=tuple(Price(p.grade, p.rate, p.limit_minor, p.term_months) for p in given.prices),
        hard_rules=tuple(
            HardRule(r.code, r.field, r.operator, _value(r.value), r.outcome, r.on_missing, r.label)
            for r in given.hard_rules
        ),
        inputs=tuple(_input(field) for field in given.inputs),
        minimum=given.minimum,
        maximum=given.maximum,
        decline_code="PD_ABOVE_CUTOFF" if given.measure == "pd" else "SCORE_BELOW_CUTOFF",
        refer_code="PD_IN_REVIEW_BAND" if given.measure == "pd" else "SCORE_IN_REVIEW_BAND",
    )


def _bounded(number: Decimal | None) -> None:
    if number is None:
        return
    exponent = number.as_tuple().exponent
    if (
        not isinstance(exponent, int)
        or not -DIGITS <= exponent <= POWER
        or number.adjusted() >= POWER
    ):
        raise ValueError(f"Numbers are below 10^{POWER} with at most {DIGITS} decimal places.")


def _input(given: InputIn) -> InputField:
    return InputField(
        given.name, given.type, given.nullable, given.minimum, given.maximum, tuple(given.values)
    )


def _value(value: Any) -> Any:
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        return tuple(value)
    if isinstance(value, list) and all(
        isinstance(v, int | float) and not isinstance(v, bool) for v in value
    ):
        return tuple(_number(v) for v in value)
    raise ValueError("A number, a text, a truth value or a list of one kind is expected.")


def _number(value: float) -> Decimal:
    number = Decimal(repr(value))
    _bounded(number)
    return number


def form_of(document: dict[str, Any]) -> dict[str, Any] | None:
    """The form that shows a document, as JSON; None where only the flow itself can say it."""
    try:
        form = asdict(form_from_document(document))
    except FormMismatchError:
        return None
    for name in ("decline_code", "refer_code"):
        form.pop(name)
    for field in form["inputs"]:
        field.pop("source")
    return _plain(form)  # type: ignore[no-any-return]


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def pointers(problems: tuple[Problem, ...]) -> list[FieldError]:
    """The engine's places as JSON pointers into the draft."""
    out = []
    for problem in problems:
        parts = [p for p in (problem.node, problem.row, problem.column) if p]
        path = "".join("/" + p.replace("~", "~0").replace("/", "~1") for p in parts)
        out.append(FieldError(f"/document{path}", problem.code, problem.reason))
    return out
