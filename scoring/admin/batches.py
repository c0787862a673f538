"""Batches: a file scored as a whole, with progress, what came of it, and its downloads."""

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from charts.picture import About, figure
from core.console import shown_errors
from core.console.csv_list import Cells
from core.errors import ProblemError
from core.request import acting
from jobs.selectors import as_view, get_job, job_log
from scoring import permissions, services
from scoring.admin.batch_picture import score_histogram
from scoring.admin.pages import ObjectPage, language, show_refusal
from scoring.admin.runs import STATE_LABELS
from scoring.choices import Outcome, Stage
from scoring.models import BatchChunk, BatchRun, ModelVersion
from scoring.selectors import pages as selectors


class BatchForm(forms.Form):
    """Which file by which model."""

    load = forms.ChoiceField(label=_("Data"), widget=forms.Select(attrs={"class": "pan-input"}))
    model = forms.ChoiceField(label=_("Model"), widget=forms.Select(attrs={"class": "pan-input"}))
    version = forms.ChoiceField(
        label=_("Version"),
        required=False,
        widget=forms.Select(attrs={"class": "pan-input"}),
        help_text=_("The champion unless another approved version is chosen."),
    )

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        usable = ModelVersion.objects.filter(stage__in=(Stage.APPROVED, Stage.LIVE)).select_related(
            "model"
        )
        versions = [
            (str(v.pk), f"{v.model.name} v{v.number}")
            for v in usable.defer("report", "spec", "inputs")
        ]
        self.fields["load"].choices = selectors.ready_load_choices()  # type: ignore[attr-defined]
        self.fields["model"].choices = selectors.champion_choices()  # type: ignore[attr-defined]
        self.fields["version"].choices = [("", _("The champion")), *versions]  # type: ignore[attr-defined]


class BatchAdmin(ObjectPage):
    """Whole files, scored and decided in chunks."""

    view_permission = permissions.VIEW
    add_permission = permissions.BATCH
    list_display = (
        "show_data",
        "show_model",
        "show_rows",
        "show_state",
        "show_progress",
        "created_by_label",
        "show_created",
    )
    list_filter: ClassVar[list[Any]] = ["job__state", "model", "created_at"]
    search_fields = ("dataset_name", "model__name", "model__code", "created_by_label")
    ordering = ("-id",)
    start_label = _("Score a file")
    page_template = "scoring/batch.html"
    csv_header = (
        "data", "model", "version", "policy", "rows", "approve", "refer", "decline", "state", "started by",
        "started at",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> Any:
        return selectors.batch_rows()

    def csv_row(self, row: BatchRun) -> Cells:
        counts = (row.manifest or {}).get("counts", {})
        return (
            row.dataset_name, row.model.code, row.model_version.number, row.policy_version.number, row.rows,
            *(counts.get(outcome) for outcome in Outcome.values), row.job.state, row.created_by_label,
            row.created_at.isoformat(),
        )  # fmt: skip

    @display(description=_("Data"), ordering="dataset_name")
    def show_data(self, row: BatchRun) -> str:
        return row.dataset_name

    @display(description=_("Model"), ordering="model__name")
    def show_model(self, row: BatchRun) -> str:
        return f"{row.model.name} v{row.model_version.number} · P{row.policy_version.number}"

    @display(description=_("Rows"), ordering="rows")
    def show_rows(self, row: BatchRun) -> str:
        return f"{row.rows:,}"

    @display(description=_("State"), ordering="job__state", label=STATE_LABELS)
    def show_state(self, row: BatchRun) -> tuple[str, Any]:
        return row.job.state, row.job.get_state_display()

    @display(description=_("Progress"))
    def show_progress(self, row: BatchRun) -> SafeString:
        percent = as_view(row.job).percent
        return format_html(
            '<progress class="pan-progress" max="100" value="{}">{} %</progress>', percent, percent
        )

    def named(self, row: BatchRun) -> str:
        return f"{row.dataset_name} · {row.model.name}"

    # --- the page ---------------------------------------------------------------------------------------
    def page_context(self, request: HttpRequest, row: BatchRun) -> dict[str, Any]:
        return self._state(request, row)

    def _state(self, request: HttpRequest, row: BatchRun) -> dict[str, Any]:
        job, manifest = get_job(str(row.job_id)), row.manifest or {}
        counts = manifest.get("counts", {})
        context: dict[str, Any] = {
            "batch": row,
            "job": job,
            "log": job_log(job.id),
            "chunks_done": BatchChunk.objects.filter(run=row).count(),
            "counts": [
                (o.value, o.label, counts[o.value], counts[o.value] / max(row.rows, 1))
                for o in Outcome
                if o.value in counts
            ],
            "may_download": request.user.has_perm(permissions.BATCH),  # type: ignore[union-attr]
        }
        if manifest:
            picture, rows = score_histogram(str(row.pk))
            about = About(rows=rows, version=f"{row.model.code} v{row.model_version.number}")
            context["histogram"] = figure(picture, key="scores", lang=language(), about=about)
        return context

    def get_urls(self) -> list[URLPattern]:
        wrap, one = self.admin_site.admin_view, "<uuid:object_id>"
        own = [
            path(f"{one}/state/", wrap(self.state), name="scoring_batch_state"),
            path(f"{one}/results.<str:kind>", wrap(self.results), name="scoring_batch_results"),
        ]
        return [*own, *super().get_urls()]

    def state(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The moving part; once the work is over the page shows itself anew."""
        row = self.row_or_404(request, object_id)
        job = get_job(str(row.job_id))
        context = {"batch": row, "job": job}
        answer = render(request, "scoring/batch_state.html", context)
        if job.finished:
            answer["HX-Refresh"] = "true"
        return answer

    def results(
        self, request: HttpRequest, object_id: str, kind: str
    ) -> HttpResponse | StreamingHttpResponse:
        """All rows as one file."""
        row = self.row_or_404(request, object_id, permissions.BATCH)
        with shown_errors(request):
            found = services.batch_results(batch_id=str(row.pk), kind=kind, actor=acting(request))
            answer = StreamingHttpResponse(found.pieces, content_type=found.content_type)
            answer["Content-Disposition"] = f'attachment; filename="{found.file_name}"'
            return answer
        return HttpResponseRedirect(self.own_address(row.pk))

    # --- starting ---------------------------------------------------------------------------------------
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = BatchForm(
            request.POST if request.method == "POST" else None, initial=request.GET.dict()
        )
        if request.method == "POST" and form.is_valid():
            data = form.cleaned_data
            try:
                run = services.start_batch(
                    load_id=data["load"],
                    model_id=data["model"],
                    version_id=data["version"],
                    actor=acting(request),
                )
                messages.success(
                    request,
                    _now("The batch has started: %(rows)s rows.") % {"rows": f"{run.rows:,}"},
                )
                return HttpResponseRedirect(self.own_address(run.pk))
            except ProblemError as error:
                show_refusal(form, error)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Score a file"),
            "form": form,
            "ready": bool(form.fields["load"].choices and form.fields["model"].choices),  # type: ignore[attr-defined]
        }
        return TemplateResponse(request, "scoring/batch_add.html", context)
