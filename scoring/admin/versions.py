"""Model versions: the list, the report, and the way from development to live."""

from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from core.console.csv_list import Cells, csv_response
from core.request import acting
from scoring import permissions, services
from scoring.admin.pages import Button, NoteForm, ObjectPage, ask, language
from scoring.admin.report_page import bins_figure, report_context
from scoring.admin.report_pictures import picture_of
from scoring.choices import Slot, Stage
from scoring.models import Deployment, ModelVersion
from scoring.selectors import pages as selectors
from scoring.services.people import key_of

STAGE_LABELS = {
    Stage.DEVELOP: "info",
    Stage.REVIEW: "primary",
    Stage.APPROVED: "success",
    Stage.LIVE: "success",
    Stage.RETIRED: "warning",
}


class SlotForm(NoteForm):
    """Into which slot a version goes."""

    note = None  # type: ignore[assignment]
    slot = forms.ChoiceField(
        label=_("Slot"),
        choices=Slot.choices,
        initial=Slot.CHAMPION,
        widget=forms.Select(attrs={"class": "pan-input"}),
        help_text=_(
            "The champion decides and replaces the one before; challengers and shadows are scored and stored beside it."
        ),
    )


class VersionAdmin(ObjectPage):
    """What was trained, how good it is, who approved it and where it is used."""

    view_permission = permissions.VIEW
    list_display = (
        "show_name",
        "kind",
        "show_stage",
        "show_auc",
        "show_ks",
        "trained_by_label",
        "show_created",
    )
    list_filter: ClassVar[list[Any]] = ["stage", "kind", "model", "created_at"]
    search_fields = ("model__name", "model__code", "trained_by_label", "artifact_sha256")
    ordering = ("-id",)
    page_template = "scoring/version.html"
    csv_header = (
        "model", "version", "kind", "stage", "auc", "auc low", "auc high", "gini", "ks", "ks low", "ks high",
        "trained by", "trained at", "approved by", "approved at", "sha256",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> Any:
        return selectors.version_rows()

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        row = super().get_object(request, object_id, from_field)
        return row and ModelVersion.objects.select_related("model", "run").get(pk=row.pk)

    def csv_row(self, row: ModelVersion) -> Cells:
        return (
            row.model.name, row.number, row.kind, row.stage, row.auc, row.auc_low, row.auc_high, row.gini, row.ks,
            row.ks_low, row.ks_high, row.trained_by_label, row.created_at.isoformat(), row.approved_by_label,
            row.approved_at.isoformat() if row.approved_at else None, row.artifact_sha256,
        )  # fmt: skip

    @display(description=_("Model"), ordering="model__name", header=True)
    def show_name(self, row: ModelVersion) -> list[str]:
        return [f"{row.model.name} v{row.number}", row.model.code]

    @display(description=_("Stage"), ordering="stage", label=STAGE_LABELS)
    def show_stage(self, row: ModelVersion) -> tuple[str, Any]:
        return row.stage, row.get_stage_display()

    @display(description=_("AUC"), ordering="auc")
    def show_auc(self, row: ModelVersion) -> str:
        return _figure(row.auc, row.auc_low, row.auc_high)

    @display(description=_("KS"), ordering="ks")
    def show_ks(self, row: ModelVersion) -> str:
        return _figure(row.ks, row.ks_low, row.ks_high)

    def named(self, row: ModelVersion) -> str:
        return f"{row.model.name} v{row.number}"

    # --- the page ---------------------------------------------------------------------------------------
    def page_context(self, request: HttpRequest, row: ModelVersion) -> dict[str, Any]:
        def csv_url(key: str) -> str:
            return self.address("scoring_version_picture", row.pk, key)

        return {
            **report_context(row, csv_url),
            "title": f"{row.model.name} v{row.number}",
            "slots": selectors.slots_of(row.pk),
            "buttons": self._buttons(request, row),
            "policies": row.policies.order_by("-number").defer("document"),
        }

    def _buttons(self, request: HttpRequest, row: ModelVersion) -> list[Button]:
        """The steps that lead on from this stage, for whom they may concern."""

        def step(name: str) -> str:
            return self.address(f"scoring_version_{name}", row.pk)

        may = request.user.has_perm  # type: ignore[union-attr]
        own = key_of(acting(request)) in (row.trained_by, row.submitted_by)
        four_eyes = (
            _("You trained or submitted this version: another person approves it.") if own else ""
        )
        out: list[Button] = []
        if row.stage == Stage.DEVELOP and may(permissions.SUBMIT):
            out.append(Button(_("Submit for review"), step("submit"), "main"))
        if row.stage == Stage.REVIEW and may(permissions.APPROVE):
            out.append(Button(_("Approve"), step("approve"), "main", four_eyes))
            out.append(Button(_("Reject"), step("reject"), "danger"))
        if row.stage in (Stage.APPROVED, Stage.LIVE) and may(permissions.DEPLOY):
            out.append(
                Button(_("Deploy"), step("deploy"), "main" if row.stage == Stage.APPROVED else "")
            )
        if may(permissions.DEPLOY):
            out += [self._withdrawal(row, slot) for slot in selectors.slots_of(row.pk)]
        if row.stage != Stage.RETIRED and may(permissions.DEPLOY):
            live = (
                _("It is deployed: replace or withdraw it first.")
                if row.stage == Stage.LIVE
                else ""
            )
            out.append(Button(_("Retire"), step("retire"), "danger", live))
        return out

    def _withdrawal(self, row: ModelVersion, deployment: Deployment) -> Button:
        label = _("Withdraw as %(slot)s") % {"slot": deployment.get_slot_display().lower()}
        return Button(label, self.address("scoring_version_withdraw", row.pk, deployment.pk))

    # --- steps ------------------------------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        wrap, one = self.admin_site.admin_view, "<uuid:object_id>"
        steps = ("submit", "approve", "reject", "deploy", "retire")
        own = [
            path(f"{one}/{step}/", wrap(getattr(self, step)), name=f"scoring_version_{step}")
            for step in steps
        ]
        own += [
            path(
                f"{one}/picture/<slug:key>.csv", wrap(self.picture), name="scoring_version_picture"
            ),
            path(
                f"{one}/withdraw/<uuid:deployment_id>/",
                wrap(self.withdraw),
                name="scoring_version_withdraw",
            ),
            path(f"{one}/bins/<int:place>/", wrap(self.bins), name="scoring_version_bins"),
        ]
        return [*own, *super().get_urls()]

    def submit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row_or_404(request, object_id, permissions.SUBMIT)

        def run(data: dict[str, Any]) -> str:
            services.submit_for_review(version_id=str(row.pk), actor=acting(request))
            return _now("%(version)s waits for a review by a model validator.") % {
                "version": self.named(row)
            }

        question = _("Submit this version for review?")
        return ask(self, request, row, question=question, form=forms.Form(_data(request)), run=run)

    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row_or_404(request, object_id, permissions.APPROVE)

        def run(data: dict[str, Any]) -> str:
            services.approve_version(
                version_id=str(row.pk), actor=acting(request), note=data["note"]
            )
            return _now("%(version)s is approved. A credit officer can deploy it.") % {
                "version": self.named(row)
            }

        facts = [
            (_("Trained by"), row.trained_by_label),
            (_("Submitted by"), row.submitted_by_label),
            ("AUC", _figure(row.auc, row.auc_low, row.auc_high)),
            ("KS", _figure(row.ks, row.ks_low, row.ks_high)),
        ]
        form = NoteForm(_data(request))
        return ask(
            self, request, row, question=_("Approve this version?"), form=form, run=run, facts=facts
        )

    def reject(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row_or_404(request, object_id, permissions.APPROVE)

        def run(data: dict[str, Any]) -> str:
            services.reject_version(
                version_id=str(row.pk), actor=acting(request), note=data["note"]
            )
            return _now("%(version)s went back to development.") % {"version": self.named(row)}

        question = _("Send this version back to its maker?")
        form = NoteForm(_data(request))
        return ask(self, request, row, question=question, form=form, run=run, danger=True)

    def deploy(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row_or_404(request, object_id, permissions.DEPLOY)

        def run(data: dict[str, Any]) -> str:
            services.deploy_version(
                version_id=str(row.pk), slot=data["slot"], actor=acting(request)
            )
            text = _now("%(version)s is live as %(slot)s.")
            return text % {"version": self.named(row), "slot": Slot(data["slot"]).label.lower()}

        form = SlotForm(_data(request))
        return ask(self, request, row, question=_("Put this version to work?"), form=form, run=run)

    def withdraw(self, request: HttpRequest, object_id: str, deployment_id: UUID) -> HttpResponse:
        row = self.row_or_404(request, object_id, permissions.DEPLOY)
        if deployment_id not in {slot.pk for slot in selectors.slots_of(row.pk)}:
            raise Http404

        def run(data: dict[str, Any]) -> str:
            services.withdraw_deployment(
                deployment_id=str(deployment_id), actor=acting(request), note=data["note"]
            )
            return _now("%(version)s is withdrawn from its slot.") % {"version": self.named(row)}

        form, question = NoteForm(_data(request)), _("Withdraw this version from its slot?")
        text = _("A model without a champion decides nothing: its callers are told so.")
        facts = [(_("What follows"), text)]
        return ask(
            self, request, row, question=question, form=form, run=run, facts=facts, danger=True
        )

    def retire(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row_or_404(request, object_id, permissions.DEPLOY)

        def run(data: dict[str, Any]) -> str:
            services.retire_version(
                version_id=str(row.pk), actor=acting(request), note=data["note"]
            )
            return _now("%(version)s is retired for good.") % {"version": self.named(row)}

        form = NoteForm(_data(request))
        question = _("Retire this version? It can never be used again.")
        return ask(self, request, row, question=question, form=form, run=run, danger=True)

    def picture(self, request: HttpRequest, object_id: str, key: str) -> HttpResponse:
        """The numbers of one picture as CSV."""
        row = self.row_or_404(request, object_id)
        try:
            table = picture_of(row.report, key).table(lang=language())
        except (KeyError, IndexError, ValueError) as error:
            raise Http404 from error
        return csv_response(f"{row.model.code}-v{row.number}-{key}", table.header, table.rows)

    def bins(self, request: HttpRequest, object_id: str, place: int) -> HttpResponse:
        """One characteristic's picture, asked for when its row is opened."""
        row = self.row_or_404(request, object_id)
        if place >= len(row.report["features"]):
            raise Http404
        url = self.address("scoring_version_picture", row.pk, f"bins-{place}")
        context = {"feature": bins_figure(row, place, url)}
        return render(request, "scoring/bins.html", context)


def _data(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _figure(value: float | None, low: float | None, high: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if low is None or high is None else f"{value:.3f} [{low:.3f}, {high:.3f}]"
