"""Use against quota: a picture and a table at both sites, a warning on a bank's overview, overrides for operators."""

from typing import Any, ClassVar

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from charts.picture import figure
from charts.pictures.operations import QuotaUse, UseAgainstQuota
from charts.words import Lang
from core.console import PolicyAdmin, ServicePage, bank_site, ops_site
from core.console.csv_list import CsvList
from core.console.navigation import Panel, add_panels
from core.console.sites import PanoramaSite
from core.request import acting
from tenants import selectors, services
from tenants.admin.questions import asked
from tenants.models import QuotaOverride


def usage_figure(schema: str) -> SafeString:
    """The picture with its table of numbers, for one bank."""
    lines = selectors.quota_lines(schema)
    uses = tuple(
        QuotaUse(label=line.label, used=line.used, quota=line.limit)
        for line in lines
        if line.kind != "piece"
    )
    drawn = figure(UseAgainstQuota(uses=uses), key="quota", lang=_lang())
    context = {"figure": drawn, "lines": lines}
    return render_to_string("tenants/usage_lines.html", context)


def _lang() -> Lang:
    return "zh-hans" if str(get_language() or "").startswith("zh") else "en"


def usage_page(request: HttpRequest) -> HttpResponse:
    """A bank's own page."""
    bank = request.bank  # type: ignore[attr-defined]
    if not request.user.has_perm("tenants.usage.view"):
        return HttpResponse(status=403)
    context = {
        **bank_site.each_context(request),
        "title": _("Use and quotas"),
        "quotas": usage_figure(bank.schema),
    }
    return render(request, "tenants/usage.html", context)


def warnings_panel(request: HttpRequest) -> str:
    """What is nearly used up; nothing while there is nothing."""
    bank = request.bank  # type: ignore[attr-defined]
    lines = [line for line in selectors.quota_lines(bank.schema) if line.warns]
    if not lines:
        return ""
    return render_to_string("tenants/quota_warnings.html", {"lines": lines}, request=request)


class OverrideAdmin(CsvList, ServicePage, PolicyAdmin):
    """What was agreed with a bank beside its plan."""

    view_permission = "tenants.bank.view"
    list_display = (
        "bank", "quota", "show_limit", "valid_from", "valid_to", "reason", "created_by_label", "ended_at",
    )  # fmt: skip
    list_filter: ClassVar[list[Any]] = ["quota", "bank"]
    list_select_related = ("bank",)
    search_fields = ("reason", "bank__name")
    readonly_fields = (
        "bank", "quota", "limit", "valid_from", "valid_to", "reason", "created_by_label", "created_at", "ended_at",
    )  # fmt: skip
    fields = readonly_fields
    actions_detail: ClassVar[list[str]] = ["end"]
    csv_header = ("bank", "quota", "limit", "from", "until", "reason", "granted_by")

    @display(description=_("Limit"), ordering="limit")
    def show_limit(self, row: QuotaOverride) -> str:
        return str(_("no limit")) if row.limit is None else f"{row.limit:,}"

    def csv_row(self, row: QuotaOverride) -> tuple[str | int | None, ...]:
        return (
            row.bank.name, row.quota, row.limit, str(row.valid_from), str(row.valid_to or ""), row.reason,
            row.created_by_label,
        )  # fmt: skip

    def has_bank_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._holds(request, "tenants.bank.change")

    @action(description=_("End now"), url_path="end", permissions=["bank"])
    def end(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: QuotaOverride | None = self.get_object(request, object_id)
        if row is None:
            raise Http404

        def run(data: dict[str, Any]) -> str:
            services.end_override(
                override_id=object_id, reason=data["reason"], actor=acting(request)
            )
            return str(_("Ended: the plan's limit is in force again."))

        return asked(
            request, row, site=self.admin_site, title=str(_("End this override now?")), run=run,
            fields={"reason": forms.CharField(label=_("Reason"), max_length=500)},
        )  # fmt: skip


def _pages(site: PanoramaSite) -> list[URLPattern]:
    return [path("use/", site.admin_view(usage_page), name="tenants_usage")]


ops_site.register(QuotaOverride, OverrideAdmin)
bank_site.add_pages(_pages)
add_panels("bank", Panel("tenants.quotas", "tenants.usage.view", warnings_panel, order=1))
