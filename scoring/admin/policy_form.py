"""The form of a policy as a person edits it: cut-offs, grades with price and limit, hard rules with their words."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import gettext_lazy as _

from scoring.contracts import (
    GradeIn,
    HardRuleIn,
    InputIn,
    PolicyFormIn,
    PolicyIn,
    PriceIn,
    ReasonIn,
)
from scoring.engine.policy.fields import TYPES
from scoring.engine.policy.form import MEASURES, MISSING_CHOICES, OPERATORS

SPARE_ROWS = 2
MINOR = Decimal(100)
OUTCOMES = (("decline", _("Decline")), ("refer", _("Refer")))
MISSING = {"refer": _("Refer"), "decline": _("Decline"), "ignore": _("Ignore")}


def _input(**more: Any) -> dict[str, Any]:
    return {"class": "pan-input", **more}


def _text(label: Any = "", *, required: bool = True, **more: Any) -> forms.CharField:
    return forms.CharField(
        label=label, required=required, widget=forms.TextInput(attrs=_input()), **more
    )


def _decimal(label: Any = "", *, required: bool = True, **more: Any) -> forms.DecimalField:
    widget = forms.NumberInput(attrs=_input(step="any"))
    return forms.DecimalField(label=label, required=required, widget=widget, **more)


def _choice(choices: Sequence[tuple[Any, Any]], label: Any = "") -> forms.ChoiceField:
    # With an initial value a spare row that nobody touched counts as empty.
    return forms.ChoiceField(
        label=label,
        choices=choices,
        initial=choices[0][0],
        widget=forms.Select(attrs=_input()),
    )


class CutoffForm(forms.Form):
    """Name, measure and the two cut-offs."""

    name = _text(_("Name"), max_length=200)
    measure = _choice([(m, m.upper() if m == "pd" else _("Score")) for m in MEASURES], _("Measure"))
    approve_at = _decimal(_("Approve at"), help_text=_("This value itself is approved."))
    refer_at = _decimal(
        _("Refer at"), help_text=_("From here on a person decides; beyond it, decline.")
    )
    minimum = _decimal(_("Lowest possible"), required=False)
    maximum = _decimal(_("Highest possible"), required=False)
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs=_input(rows=2)),
    )


class GradeForm(forms.Form):
    """A grade with its bound, price and limit; the last has no bound."""

    grade = _text(max_length=40)
    bound = _decimal(required=False)
    rate = _decimal(min_value=0, max_value=1000)
    limit = _decimal(min_value=0)
    term = forms.IntegerField(min_value=1, max_value=1200, widget=forms.NumberInput(attrs=_input()))


class RuleForm(forms.Form):
    """A hard rule: it holds whatever the score says. Its words go to the customer."""

    code = _text(max_length=60)
    field = _text(max_length=200)
    operator = _choice([(o, o) for o in OPERATORS])
    value = _text(max_length=2000)
    outcome = _choice(OUTCOMES)
    on_missing = _choice([(m, MISSING[m]) for m in MISSING_CHOICES])
    en = _text(max_length=500, required=False)
    zh = _text(max_length=500, required=False)


class InputForm(forms.Form):
    """An input that a rule reads."""

    name = _text(max_length=200)
    type = _choice([(t, t) for t in TYPES])
    nullable = forms.BooleanField(required=False)
    minimum = _decimal(required=False)
    maximum = _decimal(required=False)
    values = _text(max_length=2000, required=False)


GradeSet = formset_factory(GradeForm, extra=SPARE_ROWS, max_num=30)
RuleSet = formset_factory(RuleForm, extra=SPARE_ROWS, max_num=100)
InputSet = formset_factory(InputForm, extra=SPARE_ROWS, max_num=100)


class PolicyEditor:
    """The four forms of one page, from a stored form and back into a draft."""

    def __init__(
        self, stored: Mapping[str, Any] | None, reasons: Mapping[str, Any], posted: Any = None
    ) -> None:
        stored = stored or {}
        self.cutoffs = CutoffForm(posted, initial={**stored, "note": ""})
        self.grades: BaseFormSet[Any] = GradeSet(posted, initial=_grades(stored), prefix="grades")
        self.rules: BaseFormSet[Any] = RuleSet(
            posted, initial=_rules(stored, reasons), prefix="rules"
        )
        self.inputs: BaseFormSet[Any] = InputSet(posted, initial=_inputs(stored), prefix="inputs")

    def is_valid(self) -> bool:
        # Each part is asked, so that every fault shows at once.
        parts = (self.cutoffs, self.grades, self.rules, self.inputs)
        return not [part for part in parts if not part.is_valid()]

    def draft(self) -> PolicyIn:
        """What the service takes. Raises ValueError about a rule's value."""
        head = self.cutoffs.cleaned_data
        grades, rules = _filled(self.grades, "grade"), _filled(self.rules, "code")
        return PolicyIn(
            form=PolicyFormIn(
                name=head["name"],
                measure=head["measure"],
                approve_at=head["approve_at"],
                refer_at=head["refer_at"],
                minimum=head["minimum"],
                maximum=head["maximum"],
                grades=[GradeIn(grade=g["grade"], bound=g["bound"]) for g in grades],
                prices=[_price(g) for g in grades],
                hard_rules=[_rule(r) for r in rules],
                inputs=[_declared(i) for i in _filled(self.inputs, "name")],
            ),
            reasons={
                r["code"]: ReasonIn(feature=r["field"], en=r["en"], zh=r["zh"])
                for r in rules
                if r["en"] or r["zh"]
            },
            note=head["note"],
        )


def _filled(rows: Any, key: str) -> list[dict[str, Any]]:
    return [form.cleaned_data for form in rows if form.cleaned_data.get(key)]


def _price(row: Mapping[str, Any]) -> PriceIn:
    return PriceIn(
        grade=row["grade"],
        rate=row["rate"].scaleb(-2),
        limit_minor=int(row["limit"] * MINOR),
        term_months=row["term"],
    )


def _rule(row: Mapping[str, Any]) -> HardRuleIn:
    return HardRuleIn(
        code=row["code"],
        field=row["field"],
        operator=row["operator"],
        value=parse_value(row["value"], listed=row["operator"] in ("in", "not in")),
        outcome=row["outcome"],
        on_missing=row["on_missing"],
    )


def _declared(row: Mapping[str, Any]) -> InputIn:
    return InputIn(
        name=row["name"],
        type=row["type"],
        nullable=row["nullable"],
        minimum=row["minimum"],
        maximum=row["maximum"],
        values=[v.strip() for v in row["values"].split(",") if v.strip()],
    )


def parse_value(text: str, *, listed: bool) -> Any:
    """A number, true or false, or a text; with commas a list where the operator wants one."""
    if listed:
        return [parse_value(part.strip(), listed=False) for part in text.split(",") if part.strip()]
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text.strip('"')
    if not number.is_finite():
        return text
    return int(number) if number == number.to_integral_value() else float(number)


def _written(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_written(v) for v in value)
    return json.dumps(value) if isinstance(value, bool) else str(value)


def _grades(stored: Mapping[str, Any]) -> list[dict[str, Any]]:
    prices = {p["grade"]: p for p in stored.get("prices", ())}
    return [
        {
            "grade": band["grade"],
            "bound": band["bound"],
            "rate": Decimal(prices[band["grade"]]["rate"]).scaleb(2),
            "limit": f"{Decimal(prices[band['grade']]['limit_minor']) / MINOR:f}",
            "term": prices[band["grade"]]["term_months"],
        }
        for band in stored.get("grades", ())
    ]


def _rules(stored: Mapping[str, Any], reasons: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            **rule,
            "value": _written(rule["value"]),
            "en": reasons.get(rule["code"], {}).get("en", ""),
            "zh": reasons.get(rule["code"], {}).get("zh", ""),
        }
        for rule in stored.get("hard_rules", ())
    ]


def _inputs(stored: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{**field, "values": ", ".join(field["values"])} for field in stored.get("inputs", ())]
