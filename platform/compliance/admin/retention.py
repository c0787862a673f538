"""How long each kind of record is kept, and the purges."""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from compliance import permissions, selectors, services
from compliance.admin.pages import FactPage, ask, facts, moment, text_field
from compliance.choices import PurgeMode
from compliance.models import PurgeRun
from core.console import bank_site
from core.console.csv_list import Cells
from core.console.sites import PanoramaSite
from core.request import acting
from core.tenancy import current_bank


class DaysForm(forms.Form):
    days = forms.IntegerField(
        label=_("Days"), widget=forms.NumberInput(attrs={"class": "pan-input"})
    )
    note = text_field(_("Reason"))


class PurgeAdmin(FactPage):
    """What each purge did, and what a legal hold kept."""

    view_permission = permissions.VIEW
    list_display = (
        "show_mode",
        "show_purged",
        "show_held",
        "started_by_label",
        "show_started",
        "show_done",
    )
    list_filter: ClassVar[list[Any]] = ["mode", "created_at"]
    search_fields = ("id", "started_by_label")
    csv_header = ("purge", "mode", "purged", "held", "started by", "started", "finished")

    def csv_row(self, row: PurgeRun) -> Cells:
        return (
            str(row.pk), row.mode, _sum(row, "purged"), _sum(row, "held"), row.started_by_label,
            row.created_at.isoformat(), row.finished_at.isoformat() if row.finished_at else "",
        )  # fmt: skip

    @display(description=_("Mode"), ordering="mode")
    def show_mode(self, row: PurgeRun) -> str:
        return str(row.get_mode_display())

    @display(description=_("Purged"))
    def show_purged(self, row: PurgeRun) -> str:
        return f"{_sum(row, 'purged'):,}"

    @display(description=_("Kept by a hold"))
    def show_held(self, row: PurgeRun) -> str:
        return f"{_sum(row, 'held'):,}"

    @display(description=_("Started"), ordering="created_at")
    def show_started(self, row: PurgeRun) -> str:
        return moment(row.created_at)

    @display(description=_("Finished"), ordering="finished_at")
    def show_done(self, row: PurgeRun) -> str:
        return moment(row.finished_at) or "–"

    def page(self, request: HttpRequest, row: PurgeRun) -> dict[str, Any]:
        labels = {view.code: view.label for view in selectors.kind_views()}
        return {
            "title": str(row),
            "state_label": row.get_mode_display(),
            "facts": facts(
                (_("Started by"), row.started_by_label),
                (_("Started"), moment(row.created_at)),
                (_("Finished"), moment(row.finished_at)),
            ),
            "rows_title": _("Report"),
            "header": (_("Kind of record"), _("Days"), _("Past its time"), _("Kept by a hold"), _("Purged")),
            "rows": [
                (labels.get(code, code), line["days"], line["due"], line["held"], line["purged"])
                for code, line in (row.report or {}).items()
            ],
        }  # fmt: skip


def _sum(row: PurgeRun, name: str) -> int:
    return sum(line[name] for line in (row.report or {}).values())


def pages(site: PanoramaSite) -> list[URLPattern]:
    """The pages that stand over no table."""
    wrap = site.admin_view
    return [
        path("compliance/retention/", wrap(retention), name="compliance_retention"),
        path("compliance/retention/set/<str:kind>/", wrap(set_days), name="compliance_retention_set"),
        path("compliance/purges/start/<str:mode>/", wrap(start), name="compliance_purge_start"),
    ]  # fmt: skip


def retention(request: HttpRequest) -> HttpResponse:
    """Every kind with what is in force."""
    _require(request, permissions.VIEW)
    context = {
        **bank_site.each_context(request),
        "title": _("Retention"),
        "kinds": selectors.kind_views(),
        "jurisdiction": current_bank().jurisdiction,
        "may_set": request.user.has_perm(permissions.RETENTION),  # type: ignore[union-attr]
    }
    return TemplateResponse(request, "compliance/retention.html", context)


def set_days(request: HttpRequest, kind: str) -> HttpResponse:
    _require(request, permissions.RETENTION)
    found = {view.code: view for view in selectors.kind_views()}.get(kind)
    if found is None:
        raise Http404

    def run(data: dict[str, Any]) -> tuple[Any, str]:
        services.set_retention(kind=kind, actor=acting(request), **data)
        return _now("It is in force from now on."), reverse("bank:compliance_retention")

    hint = _now("At least %(days)s days: %(source)s.") % {
        "days": found.minimum,
        "source": found.source,
    }
    form = DaysForm(
        request.POST if request.method == "POST" else None, initial={"days": found.days}
    )
    return ask(
        bank_site, request, title=found.label, hint=hint, form=form, run=run, back=reverse("bank:compliance_retention")
    )  # fmt: skip


def start(request: HttpRequest, mode: str) -> HttpResponse:
    _require(request, permissions.RETENTION)
    if mode not in PurgeMode.values:
        raise Http404

    def run(data: dict[str, Any]) -> tuple[Any, str]:
        row = services.start_purge(mode=mode, actor=acting(request))
        where = reverse("bank:compliance_purgerun_change", args=[row.pk])
        return _now("It has started; the report appears here."), where

    title = (
        _("Report what a purge would do?")
        if mode == PurgeMode.REPORT
        else _("Purge what is past its time?")
    )
    form = forms.Form(request.POST if request.method == "POST" else None)
    return ask(
        bank_site, request, title=title, form=form, run=run, back=reverse("bank:compliance_retention"),
        danger=mode == PurgeMode.PURGE,
    )  # fmt: skip


def _require(request: HttpRequest, code: str) -> None:
    if not request.user.has_perm(code):  # type: ignore[union-attr]
        raise PermissionDenied
