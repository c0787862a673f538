"""How a model's predictions held: by grade with tests, by band, and by month of decision."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from charts.picture import Picture, figure
from charts.pictures.calibration import CalibrationCurve, CalibrationGroup, CalibrationSplit
from charts.pictures.stability import Vintage, VintageCurves
from core.console import bank_site
from core.console.csv_list import csv_response
from core.errors import NotFound, ProblemError
from core.request import acting
from scoring import permissions, selectors, services
from scoring.admin.pages import language, show_refusal

# Below this a grade defaulted more often than predicted (one-sided).
ALARM = 0.05


class DefinitionForm(forms.Form):
    """What counts as default."""

    days_past_due = forms.IntegerField(
        label=_("Days past due"), widget=forms.NumberInput(attrs={"class": "pan-input"})
    )
    months = forms.IntegerField(
        label=_("Within months of the decision"),
        widget=forms.NumberInput(attrs={"class": "pan-input"}),
    )
    use_flag = forms.BooleanField(
        label=_("The bank's own default flag counts as well"), required=False
    )
    note = forms.CharField(
        label=_("Note"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3, "class": "pan-input"}),
    )


def monitoring(request: HttpRequest, object_id: Any = None) -> HttpResponse:
    """The page of one model, the first when none is named."""
    _require(request, permissions.VIEW)
    models = list(selectors.model_rows().values_list("id", "name"))
    if object_id is None and models:
        object_id = models[0][0]
    context: dict[str, Any] = {
        **bank_site.each_context(request),
        "title": _("Outcomes and monitoring"),
        "models": models,
        "chosen": object_id,
        "definition": selectors.definition_in_force(),
        "may_define": request.user.has_perm(permissions.DEFAULT),  # type: ignore[union-attr]
    }
    if object_id is not None:
        found = _performance(object_id)
        context |= {
            "found": found,
            "alarm": ALARM,
            "figures": [_figure(found, key) for key in _pictures(found)],
        }
    return TemplateResponse(request, "scoring/monitoring.html", context)


def picture_csv(request: HttpRequest, object_id: Any, key: str) -> HttpResponse:
    """The numbers of one picture."""
    _require(request, permissions.VIEW)
    picture = _pictures(_performance(object_id)).get(key)
    if picture is None:
        raise Http404
    table = picture.table(lang=language())
    return csv_response(key, table.header, table.rows)


def change_definition(request: HttpRequest) -> HttpResponse:
    """Ask what default is from now on."""
    _require(request, permissions.DEFAULT)
    now = selectors.definition_in_force()
    back = reverse("bank:scoring_monitoring")
    data = request.POST if request.method == "POST" else None
    known = {
        "days_past_due": now.days_past_due,
        "months": now.months,
        "use_flag": now.use_flag,
    }
    form = DefinitionForm(data, initial=known)
    if request.method == "POST" and form.is_valid():
        try:
            services.set_default_definition(actor=acting(request), **form.cleaned_data)
            messages.success(request, _now("Default is defined anew; all figures follow it."))
            return HttpResponseRedirect(back)
        except ProblemError as error:
            show_refusal(form, error)
    title = _("What counts as default")
    context = {**bank_site.each_context(request), "title": title, "form": form, "back": back}
    return TemplateResponse(request, "scoring/ask.html", context)


def _performance(model_id: Any) -> selectors.PerformanceView:
    try:
        return selectors.performance_of(str(model_id))
    except NotFound as error:
        raise Http404 from error


def _pictures(found: selectors.PerformanceView) -> dict[str, Picture]:
    out: dict[str, Picture] = {}
    if found.bands:
        groups = [
            CalibrationGroup(
                label=str(row.group),
                predicted=row.predicted,
                observed=row.observed.value,
                low=row.observed.low,
                high=row.observed.high,
                rows=row.count,
            )
            for row in found.bands
        ]
        split = CalibrationSplit(name=_now("Realised"), groups=groups)
        out["calibration"] = CalibrationCurve(splits=(split,))
    curves = tuple(
        Vintage(name=v.month, months=list(range(1, len(v.rates) + 1)), bad_rate=list(v.rates))
        for v in found.vintages
        if any(rate is not None for rate in v.rates)
    )
    out["vintages"] = VintageCurves(vintages=curves)
    return out


def _figure(found: selectors.PerformanceView, key: str) -> Any:
    url = reverse("bank:scoring_monitoring_picture", args=[found.model_id, key])
    return figure(_pictures(found)[key], key=key, lang=language(), csv_url=url)


def _require(request: HttpRequest, code: str) -> None:
    if not request.user.has_perm(code):  # type: ignore[union-attr]
        raise PermissionDenied
