"""Policies: versions of a decision flow, edited as a form or as JSON, approved by another person, put in force."""

import json
from typing import Any, ClassVar

import msgspec
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from core.console.csv_list import Cells
from core.errors import ProblemError
from core.request import acting
from scoring import permissions, services
from scoring.admin.pages import Button, Crumb, NoteForm, ObjectPage, ask, show_refusal
from scoring.admin.policy_difference import changes
from scoring.admin.policy_form import PolicyEditor
from scoring.admin.versions import STAGE_LABELS
from scoring.choices import PolicyStage
from scoring.contracts import PolicyIn
from scoring.engine.policy import check_tables, load_policy
from scoring.models import PolicyVersion
from scoring.selectors import pages as selectors
from scoring.services.people import key_of

LABELS: dict[Any, str] = {**STAGE_LABELS, PolicyStage.DRAFT: "info"}


class DocumentForm(forms.Form):
    """The flow as JSON, for those who write it by hand."""

    document = forms.CharField(
        label=_("Decision flow (JSON Decision Model)"),
        max_length=2_000_000,
        widget=forms.Textarea(
            attrs={"class": "pan-input pan-json", "rows": 28, "spellcheck": "false"}
        ),
    )
    note = forms.CharField(
        label=_("Note"), required=False, max_length=4000,
        widget=forms.Textarea(attrs={"class": "pan-input", "rows": 2}),
    )  # fmt: skip


class PolicyAdmin(ObjectPage):
    """How a score becomes a decision and an offer."""

    view_permission = permissions.VIEW
    list_display = (
        "show_name",
        "show_stage",
        "source",
        "authored_by_label",
        "approved_by_label",
        "show_created",
    )
    list_filter: ClassVar[list[Any]] = ["stage", "source", "policy", "created_at"]
    search_fields = ("policy__name", "policy__model__code", "authored_by_label", "sha256")
    ordering = ("-id",)
    page_template = "scoring/policy.html"
    csv_header = (
        "policy", "version", "stage", "source", "written by", "submitted by", "approved by", "created", "sha256",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> Any:
        return selectors.policy_rows()

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        row = super().get_object(request, object_id, from_field)
        found = PolicyVersion.objects.select_related("policy", "policy__model", "catalogue")
        return row and found.get(pk=row.pk)

    def csv_row(self, row: PolicyVersion) -> Cells:
        return (
            row.policy.name, row.number, row.stage, row.source, row.authored_by_label, row.submitted_by_label,
            row.approved_by_label, row.created_at.isoformat(), row.sha256,
        )  # fmt: skip

    @display(description=_("Policy"), ordering="policy__name", header=True)
    def show_name(self, row: PolicyVersion) -> list[str]:
        return [f"{row.policy.name} v{row.number}", row.policy.model.code]

    @display(description=_("Stage"), ordering="stage", label=LABELS)
    def show_stage(self, row: PolicyVersion) -> tuple[str, Any]:
        return row.stage, row.get_stage_display()

    def named(self, row: PolicyVersion) -> str:
        return f"{row.policy.name} v{row.number}"

    # --- the page ---------------------------------------------------------------------------------------
    def page_context(self, request: HttpRequest, row: PolicyVersion) -> dict[str, Any]:
        document = json.loads(row.document)
        form = services.form_of(document)
        live = selectors.live_policy_version(row.policy_id)
        return {
            "title": f"{row.policy.name} v{row.number}",
            "policy": row,
            "form": form,
            "bands": _bands(form) if form else [],
            "tables": check_tables(load_policy(row.document)),
            "reasons": row.catalogue.entries,
            "document": json.dumps(document, indent=2, ensure_ascii=False),
            "live": live,
            "changes": _changes(live, form, document) if live and live.pk != row.pk else [],
            "buttons": self._buttons(request, row),
            "currency": request.bank.currency,  # type: ignore[attr-defined]
        }

    def _buttons(self, request: HttpRequest, row: PolicyVersion) -> list[Button]:
        def step(name: str) -> str:
            return self.address(f"scoring_policy_{name}", row.pk)

        may = request.user.has_perm  # type: ignore[union-attr]
        me = key_of(acting(request))
        four_eyes: Any = ""
        if me in (row.authored_by, row.submitted_by):
            four_eyes = _("You wrote or submitted this version: another person approves it.")
        out: list[Button] = []
        if row.stage == PolicyStage.DRAFT and may(permissions.POLICY_CHANGE):
            out.append(Button(_("Submit for review"), step("submit"), "main"))
        if row.stage == PolicyStage.REVIEW and may(permissions.POLICY_APPROVE):
            out.append(Button(_("Approve"), step("approve"), "main", four_eyes))
            out.append(Button(_("Reject"), step("reject"), "danger"))
        if row.stage == PolicyStage.APPROVED and may(permissions.DEPLOY):
            out.append(Button(_("Put in force"), step("deploy"), "main"))
        if may(permissions.POLICY_CHANGE):
            own_draft = row.stage == PolicyStage.DRAFT and row.authored_by == me
            label = _("Edit this draft") if own_draft else _("Change it in a new draft")
            out.append(Button(label, step("edit")))
            out.append(Button(_("Edit as JSON"), step("json")))
        if row.stage not in (PolicyStage.RETIRED, PolicyStage.LIVE) and may(permissions.DEPLOY):
            out.append(Button(_("Retire"), step("retire"), "danger"))
        return out

    # --- editing ----------------------------------------------------------------------------------------
    def edit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The form; saving writes the person's own open draft, or starts the next version."""
        row = self.row_or_404(request, object_id, permissions.POLICY_CHANGE)
        posted = request.POST if request.method == "POST" else None
        stored = services.form_of(json.loads(row.document))
        editor = PolicyEditor(stored, row.catalogue.entries, posted)
        if posted is not None and editor.is_valid():
            try:
                return self._save(request, row, editor.draft())
            except ProblemError as error:
                show_refusal(editor.cutoffs, error)
        context = {
            **self._editing(request, row),
            "editor": editor,
            "no_form": stored is None,
            "currency": request.bank.currency,  # type: ignore[attr-defined]
        }
        return TemplateResponse(request, "scoring/policy_edit.html", context)

    def json(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The flow as text."""
        row = self.row_or_404(request, object_id, permissions.POLICY_CHANGE)
        shown = json.dumps(json.loads(row.document), indent=2, ensure_ascii=False)
        form = DocumentForm(request.POST or None, initial={"document": shown})
        if request.method == "POST" and form.is_valid():
            try:
                document = msgspec.json.decode(form.cleaned_data["document"], type=dict[str, Any])
                draft = PolicyIn(document=document, note=form.cleaned_data["note"])
                return self._save(request, row, draft)
            except msgspec.DecodeError as error:
                form.add_error("document", str(error))
            except ProblemError as error:
                show_refusal(form, error)
        context = {**self._editing(request, row), "form": form}
        return TemplateResponse(request, "scoring/policy_json.html", context)

    def _editing(self, request: HttpRequest, row: PolicyVersion) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": Crumb(row, self.named(row)),
            "policy": row,
            "title": _("Change the policy %(name)s") % {"name": row.policy.name},
            "back": self.own_address(row.pk),
        }

    def _save(self, request: HttpRequest, row: PolicyVersion, draft: PolicyIn) -> HttpResponse:
        saved = services.save_policy_version(
            model_id=str(row.policy.model_id), draft=draft, actor=acting(request)
        )
        messages.success(request, _now("Draft v%(number)s is saved.") % {"number": saved.number})
        return HttpResponseRedirect(self.own_address(saved.pk))

    # --- steps ------------------------------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        wrap, one = self.admin_site.admin_view, "<uuid:object_id>"
        steps = ("submit", "approve", "reject", "deploy", "retire", "edit", "json")
        own = [
            path(f"{one}/{step}/", wrap(getattr(self, step)), name=f"scoring_policy_{step}")
            for step in steps
        ]
        return [*own, *super().get_urls()]

    def submit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row_or_404(request, object_id, permissions.POLICY_CHANGE)

        def run(data: dict[str, Any]) -> str:
            services.submit_policy(version_id=str(row.pk), actor=acting(request))
            return _now("%(version)s waits for a review by another person.") % {
                "version": self.named(row)
            }

        form = forms.Form(_data(request))
        return ask(
            self, request, row, question=_("Submit this policy for review?"), form=form, run=run
        )

    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row_or_404(request, object_id, permissions.POLICY_APPROVE)

        def run(data: dict[str, Any]) -> str:
            services.approve_policy(
                version_id=str(row.pk), actor=acting(request), note=data["note"]
            )
            return _now("%(version)s is approved. A credit officer can put it in force.") % {
                "version": self.named(row)
            }

        facts = [
            (_("Written by"), row.authored_by_label),
            (_("Submitted by"), row.submitted_by_label),
        ]
        form = NoteForm(_data(request))
        return ask(
            self, request, row, question=_("Approve this policy?"), form=form, run=run, facts=facts
        )

    def reject(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row_or_404(request, object_id, permissions.POLICY_APPROVE)

        def run(data: dict[str, Any]) -> str:
            services.reject_policy(version_id=str(row.pk), actor=acting(request), note=data["note"])
            return _now("%(version)s is a draft again.") % {"version": self.named(row)}

        form, question = NoteForm(_data(request)), _("Send this policy back to its author?")
        return ask(self, request, row, question=question, form=form, run=run, danger=True)

    def deploy(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row_or_404(request, object_id, permissions.DEPLOY)

        def run(data: dict[str, Any]) -> str:
            services.deploy_policy(version_id=str(row.pk), actor=acting(request))
            return _now("%(version)s is in force from now on.") % {"version": self.named(row)}

        question = _("Put this policy in force? It replaces the one before at once.")
        return ask(self, request, row, question=question, form=forms.Form(_data(request)), run=run)

    def retire(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row_or_404(request, object_id, permissions.DEPLOY)

        def run(data: dict[str, Any]) -> str:
            services.retire_policy(version_id=str(row.pk), actor=acting(request), note=data["note"])
            return _now("%(version)s is retired for good.") % {"version": self.named(row)}

        form, question = (
            NoteForm(_data(request)),
            _("Retire this version? It can never be used again."),
        )
        return ask(self, request, row, question=question, form=form, run=run, danger=True)


def _data(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _bands(form: dict[str, Any]) -> list[dict[str, Any]]:
    """Grades with their prices, one row each."""
    prices = {p["grade"]: p for p in form["prices"]}
    return [{**band, **prices.get(band["grade"], {})} for band in form["grades"]]


def _changes(live: PolicyVersion, form: dict[str, Any] | None, document: dict[str, Any]) -> Any:
    before = json.loads(live.document)
    old_form = services.form_of(before)
    if form is not None and old_form is not None:
        return changes(old_form, form)
    return changes(before, document)
