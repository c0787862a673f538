"""Legal holds: set by two, lifted by two."""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from compliance import permissions, selectors, services
from compliance.admin.pages import FactPage, ask, facts, line_field, moment, text_field
from compliance.choices import HoldScope, HoldState
from compliance.models import LegalHold
from core.console.csv_list import Cells
from core.request import acting

STATE_LABELS = {
    HoldState.PROPOSED: "warning",
    HoldState.ACTIVE: "danger",
    HoldState.LIFTING: "warning",
    HoldState.LIFTED: "success",
}


class HoldForm(forms.Form):
    scope = forms.ChoiceField(
        label=_("What is held"),
        choices=HoldScope.choices,
        widget=forms.Select(attrs={"class": "pan-input"}),
    )
    customer = line_field(_("Customer"), help_text=_("For a person."))
    application = line_field(_("or application"))
    target = line_field(_("Object"), help_text=_("A dataset's id or the code of a kind of record."))
    reason = text_field(_("Reason"), help_text=_("For instance the court and its reference."))


class LiftingForm(forms.Form):
    reason = text_field(_("Reason"))


class HoldAdmin(FactPage):
    """What may neither be purged nor erased, and who said so."""

    view_permission = permissions.VIEW
    list_display = (
        "show_what",
        "show_state",
        "reason",
        "proposed_by_label",
        "approved_by_label",
        "show_created",
    )
    list_filter: ClassVar[list[Any]] = ["state", "scope", "created_at"]
    search_fields = ("id", "reason", "target")
    csv_header = (
        "hold",
        "what",
        "object",
        "state",
        "reason",
        "proposed by",
        "approved by",
        "lifted by",
        "proposed",
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return selectors.hold_rows()

    def csv_row(self, row: LegalHold) -> Cells:
        return (
            str(row.pk), row.scope, row.target, row.state, row.reason, row.proposed_by_label,
            row.approved_by_label, row.lifted_by_label, row.created_at.isoformat(),
        )  # fmt: skip

    @display(description=_("What is held"), ordering="scope")
    def show_what(self, row: LegalHold) -> str:
        return f"{row.get_scope_display()} {row.target_label or row.target}".strip()

    @display(description=_("State"), ordering="state", label=STATE_LABELS)
    def show_state(self, row: LegalHold) -> tuple[str, Any]:
        return row.state, row.get_state_display()

    @display(description=_("Proposed"), ordering="created_at")
    def show_created(self, row: LegalHold) -> str:
        return moment(row.created_at)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        start = (reverse("bank:compliance_hold_propose"), _("Propose a legal hold"))
        more = {"start": start} if self._holds(request, permissions.HOLD) else {}
        return super().changelist_view(request, {**(extra_context or {}), **more})

    def page(self, request: HttpRequest, row: LegalHold) -> dict[str, Any]:
        return {
            "title": _now("Legal hold %(id)s") % {"id": str(row.pk)[-12:]},
            "state_label": row.get_state_display(),
            "facts": facts(
                (_("What is held"), self.show_what(row)),
                (_("Reason"), row.reason),
                (_("Proposed by"), row.proposed_by_label),
                (_("Proposed"), moment(row.created_at)),
                (_("Approved by"), row.approved_by_label),
                (_("Lifting asked for by"), row.lifting_by_label),
                (_("Because"), row.lifting_reason),
                (_("Lifted by"), row.lifted_by_label),
                (_("Lifted"), moment(row.lifted_at)),
            ),
            "buttons": self._buttons(request, row),
        }

    def _buttons(self, request: HttpRequest, row: LegalHold) -> list[tuple[Any, str, str]]:
        offered = (
            (row.state == HoldState.PROPOSED, permissions.APPROVE, _("Confirm"), "approve", "main"),
            (row.state in (HoldState.PROPOSED, HoldState.ACTIVE), permissions.HOLD, _("Ask to lift"), "lifting", ""),
            (row.state == HoldState.LIFTING, permissions.APPROVE, _("Lift"), "lift", "danger"),
        )  # fmt: skip
        return [
            (label, reverse(f"bank:compliance_hold_{name}", args=[row.pk]), style)
            for now, code, label, name, style in offered
            if now and self._holds(request, code)
        ]

    def get_urls(self) -> list[URLPattern]:
        wrap, one = self.admin_site.admin_view, "<uuid:object_id>"
        own = [
            path("propose/", wrap(self.propose), name="compliance_hold_propose"),
            path(f"{one}/approve/", wrap(self.approve), name="compliance_hold_approve"),
            path(f"{one}/lifting/", wrap(self.lifting), name="compliance_hold_lifting"),
            path(f"{one}/lift/", wrap(self.lift), name="compliance_hold_lift"),
        ]
        return [*own, *super().get_urls()]

    def propose(self, request: HttpRequest) -> HttpResponse:
        if not self._holds(request, permissions.HOLD):
            raise PermissionDenied

        def run(data: dict[str, Any]) -> tuple[Any, str]:
            row = services.propose_hold(actor=acting(request), **data)
            done = _now("It holds from now on; a second person confirms it.")
            return done, self.own_address(row.pk)

        return ask(
            self.admin_site, request, title=_("Propose a legal hold"), run=run,
            form=HoldForm(request.POST if request.method == "POST" else None), back=self.list_address(),
        )  # fmt: skip

    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row_or_404(request, object_id, permissions.APPROVE)

        def run(data: dict[str, Any]) -> tuple[Any, str]:
            services.approve_hold(hold_id=str(row.pk), actor=acting(request))
            return _now("The hold is confirmed."), self.own_address(row.pk)

        return self._ask(request, row, _("Confirm this legal hold?"), forms.Form, run)

    def lifting(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row_or_404(request, object_id, permissions.HOLD)

        def run(data: dict[str, Any]) -> tuple[Any, str]:
            services.ask_lifting(hold_id=str(row.pk), actor=acting(request), **data)
            return _now("It holds until a second person lifts it."), self.own_address(row.pk)

        return self._ask(request, row, _("Ask to lift this legal hold?"), LiftingForm, run)

    def lift(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row_or_404(request, object_id, permissions.APPROVE)

        def run(data: dict[str, Any]) -> tuple[Any, str]:
            services.lift_hold(hold_id=str(row.pk), actor=acting(request))
            return _now("The hold is lifted."), self.own_address(row.pk)

        return self._ask(request, row, _("Lift this legal hold?"), forms.Form, run, danger=True)

    def _ask(
        self,
        request: HttpRequest,
        row: LegalHold,
        title: Any,
        form: Any,
        run: Any,
        danger: bool = False,
    ) -> HttpResponse:
        data = request.POST if request.method == "POST" else None
        return ask(
            self.admin_site, request, title=title, subject=row.reason, form=form(data), run=run,
            back=self.own_address(row.pk), danger=danger,
        )  # fmt: skip
