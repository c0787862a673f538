"""Erasures: asked for, approved by another person, certified."""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from compliance import permissions, selectors, services
from compliance.admin.pages import (
    FactPage,
    PasswordForm,
    ask,
    facts,
    line_field,
    moment,
    text_field,
)
from compliance.choices import ErasureState
from compliance.models import Erasure
from core.console.csv_list import Cells
from core.request import acting

STATE_LABELS = {
    ErasureState.REQUESTED: "warning",
    ErasureState.RUNNING: "info",
    ErasureState.DONE: "success",
    ErasureState.BLOCKED: "danger",
    ErasureState.REFUSED: "danger",
}
OPEN = (ErasureState.REQUESTED, ErasureState.BLOCKED)


class ErasureForm(PasswordForm):
    customer = line_field(_("Customer"), help_text=_("The bank's own reference of the person."))
    application = line_field(_("or application"))
    column = line_field(
        _("Further column"), help_text=_("For instance the identity card's column.")
    )
    value = line_field(_("Its value"))
    reason = text_field(_("Reason"))
    confirm = line_field(
        _("Repeat the reference"), required=True, help_text=_("Letter for letter.")
    )
    field_order = ("customer", "application", "column", "value", "reason", "confirm", "password")


class ReasonForm(forms.Form):
    reason = text_field(_("Reason"))


class ErasureAdmin(FactPage):
    """No name stands in the list: an erasure must not be what keeps a person's name."""

    view_permission = permissions.VIEW
    list_display = (
        "show_id",
        "show_state",
        "requested_by_label",
        "approved_by_label",
        "show_created",
        "show_done",
    )
    list_filter: ClassVar[list[Any]] = ["state", "created_at"]
    search_fields = ("id", "reason", "requested_by_label")
    csv_header = (
        "erasure",
        "state",
        "reason",
        "asked for by",
        "approved by",
        "asked",
        "finished",
        "certificate",
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return selectors.erasure_rows()

    def csv_row(self, row: Erasure) -> Cells:
        return (
            str(row.pk), row.state, row.reason, row.requested_by_label, row.approved_by_label,
            row.created_at.isoformat(), row.finished_at.isoformat() if row.finished_at else "",
            row.certificate_sha256,
        )  # fmt: skip

    @display(description=_("Erasure"))
    def show_id(self, row: Erasure) -> str:
        return str(row)

    @display(description=_("State"), ordering="state", label=STATE_LABELS)
    def show_state(self, row: Erasure) -> tuple[str, Any]:
        return row.state, row.get_state_display()

    @display(description=_("Asked for"), ordering="created_at")
    def show_created(self, row: Erasure) -> str:
        return moment(row.created_at)

    @display(description=_("Finished"), ordering="finished_at")
    def show_done(self, row: Erasure) -> str:
        return moment(row.finished_at) or "–"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        start = (reverse("bank:compliance_erasure_ask"), _("Erase a person"))
        more = {"start": start} if self._holds(request, permissions.ERASE) else {}
        return super().changelist_view(request, {**(extra_context or {}), **more})

    def page(self, request: HttpRequest, row: Erasure) -> dict[str, Any]:
        buttons = []
        if row.state in OPEN and self._holds(request, permissions.APPROVE):
            buttons = [
                (_("Approve and erase"), reverse("bank:compliance_erasure_approve", args=[row.pk]), "danger"),
                (_("Refuse"), reverse("bank:compliance_erasure_refuse", args=[row.pk]), ""),
            ]  # fmt: skip
        certificate = row.certificate or {}
        return {
            "title": _now("Erasure %(id)s") % {"id": str(row)},
            "state_label": row.get_state_display(),
            "facts": facts(
                (_("Reason"), row.reason),
                (_("Asked for by"), row.requested_by_label),
                (_("Approved by"), row.approved_by_label),
                (_("Asked for"), moment(row.created_at)),
                (_("Finished"), moment(row.finished_at)),
                (_("Note"), row.note),
                (_("Certificate (SHA-256)"), row.certificate_sha256),
            ),
            "buttons": buttons,
            "rows_title": _("Certificate"),
            "header": (_("What"), _("Value")),
            "rows": sorted((name, str(value)) for name, value in certificate.items()),
        }

    def get_urls(self) -> list[URLPattern]:
        wrap, one = self.admin_site.admin_view, "<uuid:object_id>"
        own = [
            path("ask/", wrap(self.ask_one), name="compliance_erasure_ask"),
            path(f"{one}/approve/", wrap(self.approve), name="compliance_erasure_approve"),
            path(f"{one}/refuse/", wrap(self.refuse), name="compliance_erasure_refuse"),
        ]
        return [*own, *super().get_urls()]

    def ask_one(self, request: HttpRequest) -> HttpResponse:
        """The request; the person's references are never kept readable."""
        if not self._holds(request, permissions.ERASE):
            raise PermissionDenied

        def run(data: dict[str, Any]) -> tuple[Any, str]:
            named = [{"column": data["column"], "value": data["value"]}] if data["column"] else []
            row = services.request_erasure(
                customer=data["customer"], application=data["application"], identities=named,
                reason=data["reason"], confirm=data["confirm"], actor=acting(request),
            )  # fmt: skip
            return _now("The erasure waits for a second person."), self.own_address(row.pk)

        return ask(
            self.admin_site, request, title=_("Erase a person"), run=run, danger=True,
            form=ErasureForm(_sent(request), user=request.user), back=self.list_address(),
            hint=_("Everything of this person becomes unreadable, in backups and old exports too."),
        )  # fmt: skip

    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row_or_404(request, object_id, permissions.APPROVE)

        def run(data: dict[str, Any]) -> tuple[Any, str]:
            services.approve_erasure(erasure_id=str(row.pk), actor=acting(request))
            return _now("The erasure has started."), self.own_address(row.pk)

        return ask(
            self.admin_site, request, title=_("Approve and erase?"), subject=row.reason, run=run, danger=True,
            form=PasswordForm(_sent(request), user=request.user), back=self.own_address(row.pk),
        )  # fmt: skip

    def refuse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row_or_404(request, object_id, permissions.APPROVE)

        def run(data: dict[str, Any]) -> tuple[Any, str]:
            services.refuse_erasure(
                erasure_id=str(row.pk), reason=data["reason"], actor=acting(request)
            )
            return _now("The request was refused."), self.own_address(row.pk)

        return ask(
            self.admin_site, request, title=_("Refuse this erasure?"), subject=row.reason, run=run,
            form=ReasonForm(_sent(request)), back=self.own_address(row.pk),
        )  # fmt: skip


def _sent(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None
