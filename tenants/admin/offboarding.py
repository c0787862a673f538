"""The end of banks: asked for on a bank's page, approved by a second person here, certified here."""

from typing import Any, ClassVar

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from core.console import PolicyAdmin, ServicePage, ops_site
from core.console.csv_list import CsvList
from core.request import acting
from tenants import services
from tenants.admin.questions import asked
from tenants.choices import CANCELLABLE, OffboardingState
from tenants.models import Offboarding

STATE_LABELS = {
    OffboardingState.REQUESTED: "info",
    OffboardingState.EXPORTING: "primary",
    OffboardingState.WAITING: "warning",
    OffboardingState.DROPPING: "danger",
    OffboardingState.CLOSED: "success",
    OffboardingState.CANCELLED: "info",
}


class OffboardingAdmin(CsvList, ServicePage, PolicyAdmin):
    view_permission = "tenants.bank.view"
    list_display = (
        "bank_name",
        "slug",
        "show_state",
        "requested_by_label",
        "approved_by_label",
        "drop_after",
        "closed_at",
        "created_at",
    )
    list_filter: ClassVar[list[Any]] = ["state", "created_at"]
    search_fields = ("bank_name", "slug", "reason")
    fields: ClassVar[list[str]] = [
        "bank_name", "slug", "state", "reason", "waiting_days", "requested_by_label", "created_at",
        "approved_by_label", "approved_at", "drop_after", "cancelled_by_label", "cancelled_at", "closed_at",
    ]  # fmt: skip
    readonly_fields = fields
    change_form_template = "tenants/offboarding.html"
    actions_detail: ClassVar[list[str]] = ["approve", "call_off", "certificate", "download"]
    csv_header = ("bank", "slug", "state", "requested", "approved", "drop_after", "closed")

    @display(description=_("State"), ordering="state", label=STATE_LABELS)
    def show_state(self, row: Offboarding) -> tuple[str, str]:
        return row.state, row.get_state_display()

    def csv_row(self, row: Offboarding) -> tuple[str, ...]:
        moments = (
            str(moment.isoformat()) if moment else ""
            for moment in (row.created_at, row.approved_at, row.drop_after, row.closed_at)
        )
        return (row.bank_name, row.slug, row.state, *moments)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        context = {
            **(extra_context or {}),
            "leaving": row,
            "purged": list(row.purged.all()) if row else [],
            "open": bool(row) and row.state in CANCELLABLE,
        }
        return super().change_view(request, object_id, form_url, context)  # type: ignore[no-any-return]

    def has_offboard_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._holds(request, "tenants.bank.offboard")

    def has_look_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._holds(request, "tenants.bank.view")

    def _row(self, request: HttpRequest, object_id: str) -> Offboarding:
        row: Offboarding | None = self.get_object(request, object_id)
        if row is None:
            raise Http404
        return row

    @action(description=_("Approve"), url_path="approve", permissions=["offboard"])
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def run() -> str:
            services.approve_offboarding(offboarding_id=object_id, actor=acting(request))
            return str(_("Approved: the bank is not served any more, and its export begins."))

        question = _("Approve the end of this bank? It is not served from then on.")
        return self.confirmed(request, object_id, question=question, run=run)

    @action(description=_("Call off"), url_path="cancel", permissions=["offboard"])
    def call_off(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self._row(request, object_id)

        def run(data: dict[str, Any]) -> str:
            services.cancel_offboarding(
                offboarding_id=object_id, reason=data["reason"], actor=acting(request)
            )
            return str(_("Called off: the bank is served again as before."))

        return asked(
            request, row, site=self.admin_site, title=str(_("Call off the end of this bank?")), run=run,
            fields={"reason": forms.CharField(label=_("Reason"), max_length=500)},
        )  # fmt: skip

    @action(description=_("Certificate"), url_path="certificate", permissions=["look"])
    def certificate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The printable page; the machine-readable form is in the API and on the command line."""
        row = self._row(request, object_id)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Certificate"),
            "leaving": row,
            "certificate": row.certificate,
        }
        return render(request, "tenants/certificate.html", context)

    @action(description=_("Download the export"), url_path="export", permissions=["offboard"])
    def download(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self._row(request, object_id)
        if row.export is None or not row.export.manifest_sha256:
            raise Http404
        pieces = services.export_tar(export=row.export, actor=acting(request))
        answer = StreamingHttpResponse(pieces, content_type="application/x-tar")
        answer["Content-Disposition"] = f'attachment; filename="{row.export.folder}.tar"'
        return answer  # type: ignore[return-value]


ops_site.register(Offboarding, OffboardingAdmin)
