"""The form that starts a model run: data, columns with their trends, and the settings of the kind chosen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from datasets import selectors as datasets
from datasets.choices import NUMERIC_TYPES, TIME_TYPES, Privacy, Role
from datasets.contracts import ColumnContract
from scoring.choices import Family, ModelKind
from scoring.engine.spec import (
    CALIBRATIONS,
    BoostingOptions,
    ScaleSpec,
    ScorecardOptions,
    SplitSpec,
)
from scoring.models import Model
from scoring.selectors.pages import ready_load_choices

NEW = "new"
TRENDS = (
    ("auto", _("automatic")),
    ("ascending", _("risk rises")),
    ("descending", _("risk falls")),
    ("none", _("free")),
)
_WHY_NOT = {
    Role.TARGET: _("target"),
    Role.TIME: _("time"),
    Role.ID: _("identifier"),
    Role.WEIGHT: _("weight"),
    Role.PROTECTED: _("protected"),
    Role.PROHIBITED: _("prohibited"),
    Role.KNOWN_AFTER_DECISION: _("known after the decision"),
    Role.IGNORE: _("ignored"),
}


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """One column of the load: whether it may train, whether it is chosen, and its trend."""

    name: str
    label: str
    type: str
    why_not: Any
    chosen: bool
    numeric: bool
    trend: str


def _number(label: Any, default: float, *, help_text: Any = "", step: str = "any") -> forms.Field:
    kind = forms.IntegerField if isinstance(default, int) else forms.FloatField
    widget = forms.NumberInput(attrs={"class": "pan-input", "step": step})
    return kind(label=label, initial=default, help_text=help_text, widget=widget)


def _choice(label: Any, choices: Sequence[tuple[Any, Any]], **more: Any) -> forms.ChoiceField:
    widget = forms.Select(attrs={"class": "pan-input"})
    return forms.ChoiceField(label=label, choices=choices, widget=widget, **more)


def _text(label: Any, **more: Any) -> forms.CharField:
    widget = forms.TextInput(attrs={"class": "pan-input"})
    return forms.CharField(label=label, required=False, widget=widget, **more)


_SPLIT, _SCALE = SplitSpec(), ScaleSpec()
_CARD, _BOOST = ScorecardOptions(), BoostingOptions()


class RunForm(forms.Form):
    """Defaults are the engine's own; every rule is the service's."""

    load = _choice(_("Data"), ())
    model = _choice(_("Model"), ())
    new_name = _text(_("Name of the new model"), max_length=120)
    new_code = _text(
        _("Code of the new model"), max_length=60, help_text=_("Bank systems name the model by it.")
    )
    new_family = _choice(_("Family of the new model"), Family.choices, required=False)
    kind = _choice(_("Kind"), ModelKind.choices, initial=ModelKind.SCORECARD)
    seed = _number(_("Seed"), 42, help_text=_("Same rows, settings and seed give the same bytes."))
    calibration = _choice(_("Calibration"), [(c, c.capitalize()) for c in CALIBRATIONS])
    split_validation = _number(_("Share to validate"), _SPLIT.validation)
    split_test = _number(_("Share to test"), _SPLIT.test)
    scale_base_score = _number(_("Base score"), _SCALE.base_score)
    scale_base_odds = _number(_("Base odds (good to bad)"), _SCALE.base_odds)
    scale_points_to_double = _number(_("Points to double the odds"), _SCALE.points_to_double)
    scorecard_max_bins = _number(_("Most bins"), _CARD.max_bins)
    scorecard_min_bin_share = _number(_("Smallest share of a bin"), _CARD.min_bin_share)
    scorecard_min_iv = _number(_("Least information value"), _CARD.min_iv)
    scorecard_max_correlation = _number(_("Highest correlation"), _CARD.max_correlation)
    scorecard_max_features = _number(_("Most characteristics"), _CARD.max_features)
    boosting_max_rounds = _number(_("Most rounds"), _BOOST.max_rounds)
    boosting_learning_rate = _number(_("Learning rate"), _BOOST.learning_rate)
    boosting_max_depth = _number(_("Depth of trees"), _BOOST.max_depth)
    boosting_leaves = _number(_("Leaves"), _BOOST.leaves)
    boosting_min_leaf_rows = _number(_("Fewest rows of a leaf"), _BOOST.min_leaf_rows)
    boosting_patience = _number(_("Rounds of patience"), _BOOST.patience)
    boosting_auto_monotone = forms.BooleanField(
        label=_("Constrain automatic trends"),
        required=False,
        help_text=_("Hold each numeric column to the direction its bins clearly show."),
    )

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        models = [(str(m.pk), f"{m.name} ({m.code})") for m in Model.objects.order_by("name")]
        self.fields["load"].choices = ready_load_choices()  # type: ignore[attr-defined]
        self.fields["model"].choices = [*models, (NEW, _("A new model"))]  # type: ignore[attr-defined]

    @property
    def load_id(self) -> str:
        """The load chosen, or the first of the list."""
        asked = self.data.get("load") or self.initial.get("load")
        choices = [key for key, _words in self.fields["load"].choices]  # type: ignore[attr-defined]
        return str(asked) if asked in choices else (choices[0] if choices else "")

    def group(self, prefix: str) -> list[forms.BoundField]:
        """The fields of one group, for the template."""
        return [self[name] for name in self.fields if name.startswith(f"{prefix}_")]

    @property
    def split_fields(self) -> list[forms.BoundField]:
        return self.group("split")

    @property
    def scale_fields(self) -> list[forms.BoundField]:
        return self.group("scale")

    @property
    def scorecard_fields(self) -> list[forms.BoundField]:
        return self.group("scorecard")

    @property
    def boosting_fields(self) -> list[forms.BoundField]:
        return self.group("boosting")

    def spec(self) -> dict[str, Any]:
        """The settings as the service takes them; only those of the kind chosen."""
        data = self.cleaned_data

        def part(prefix: str) -> dict[str, Any]:
            return {
                name.removeprefix(f"{prefix}_"): data[name]
                for name in self.fields
                if name.startswith(f"{prefix}_")
            }

        groups = ("split", "scale", data["kind"])
        return {"calibration": data["calibration"], **{name: part(name) for name in groups}}


def columns_of(load_id: str, sent: QueryDict | None) -> list[ColumnChoice]:
    """The columns of a load; `sent` holds what a person chose already."""
    if not load_id:
        return []
    contract = datasets.contract_of(load_id).contract
    chosen = None if sent is None or "columns" not in sent else set(sent.getlist("feature"))
    return [_column(column, chosen, sent) for column in contract.columns]


def _column(
    column: ColumnContract, chosen: set[str] | None, sent: QueryDict | None
) -> ColumnChoice:
    why_not = _why_not(column)
    return ColumnChoice(
        name=column.name,
        label=column.label,
        type=column.type.value,
        why_not=why_not,
        chosen=not why_not and (chosen is None or column.name in chosen),
        numeric=column.type in NUMERIC_TYPES,
        trend=str(sent.get(f"trend:{column.name}", "auto")) if sent is not None else "auto",
    )


def _why_not(column: ColumnContract) -> Any:
    if column.role != Role.FEATURE:
        return _WHY_NOT[column.role]
    if column.privacy == Privacy.IDENTITY:
        return _("identifies a person")
    return _("a date") if column.type in TIME_TYPES else ""


def chosen_features(columns: Sequence[ColumnChoice]) -> list[dict[str, str]]:
    """What trains, with the trends that a person demanded."""
    return [{"name": c.name, "trend": c.trend} for c in columns if c.chosen]
