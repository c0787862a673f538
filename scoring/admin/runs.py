"""Model runs: the list, the form that starts one, and the page that shows it working."""

from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from core.console.csv_list import Cells
from core.errors import NotFound, ProblemError
from core.request import acting
from jobs.choices import JobState
from jobs.selectors import as_view, get_job, job_log
from scoring import permissions, services
from scoring.admin.pages import ObjectPage, show_refusal
from scoring.admin.run_form import NEW, TRENDS, RunForm, chosen_features, columns_of
from scoring.models import ModelRun
from scoring.selectors import pages as selectors

STATE_LABELS = {
    JobState.QUEUED: "info",
    JobState.RUNNING: "primary",
    JobState.CANCELLING: "warning",
    JobState.SUCCEEDED: "success",
    JobState.FAILED: "danger",
    JobState.CANCELLED: "warning",
}


class RunAdmin(ObjectPage):
    """Training jobs of this bank."""

    view_permission = permissions.VIEW
    add_permission = permissions.TRAIN
    list_display = (
        "show_model", "kind", "dataset_name", "show_state", "show_progress", "show_version", "created_by_label",
        "show_created",
    )  # fmt: skip
    list_filter: ClassVar[list[Any]] = ["job__state", "kind", "model", "created_at"]
    search_fields = ("model__name", "model__code", "dataset_name", "created_by_label")
    ordering = ("-id",)
    start_label = _("Start a model run")
    page_template = "scoring/run.html"
    csv_header = (
        "model",
        "kind",
        "data",
        "state",
        "seed",
        "version",
        "auc",
        "ks",
        "started by",
        "started at",
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return selectors.run_rows()

    def csv_row(self, row: ModelRun) -> Cells:
        version = getattr(row, "version", None)
        return (
            row.model.name, row.kind, row.dataset_name, row.job.state, row.seed, version and version.number,
            version and version.auc, version and version.ks, row.created_by_label, row.created_at.isoformat(),
        )  # fmt: skip

    @display(description=_("Model"), ordering="model__name", header=True)
    def show_model(self, row: ModelRun) -> list[str]:
        return [row.model.name, row.model.code]

    @display(description=_("State"), ordering="job__state", label=STATE_LABELS)
    def show_state(self, row: ModelRun) -> tuple[str, Any]:
        return row.job.state, row.job.get_state_display()

    @display(description=_("Progress"))
    def show_progress(self, row: ModelRun) -> SafeString:
        percent = as_view(row.job).percent
        return format_html(
            '<progress class="pan-progress" max="100" value="{}">{} %</progress>', percent, percent
        )

    @display(description=_("Version"))
    def show_version(self, row: ModelRun) -> SafeString | str:
        version = getattr(row, "version", None)
        if version is None:
            return "–"
        url = self.address("scoring_modelversion_change", version.pk)
        return format_html('<a class="pan-link" href="{}">v{}</a>', url, version.number)

    def named(self, row: ModelRun) -> str:
        return f"{row.model.name} · {row.get_kind_display()} · {row.created_at:%Y-%m-%d %H:%M}"

    # --- the page of a run ------------------------------------------------------------------------------
    def page_context(self, request: HttpRequest, row: ModelRun) -> dict[str, Any]:
        features = [f for f in row.spec["features"] if f["role"] == "input"]
        return {
            "title": f"{row.model.name} · {row.get_kind_display()}",
            "run": row,
            "features": features,
            "forced": [f for f in features if f["trend"] in ("ascending", "descending")],
            **self._state(row),
        }

    def _state(self, row: ModelRun) -> dict[str, Any]:
        job = get_job(str(row.job_id))
        return {
            "run": row,
            "job": job,
            "log": job_log(job.id),
            "version": getattr(row, "version", None),
        }

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [
            path("columns/", wrap(self.columns), name="scoring_run_columns"),
            path("<uuid:object_id>/state/", wrap(self.state), name="scoring_run_state"),
        ]
        return [*own, *super().get_urls()]

    def state(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The moving part; once the work is over the page shows itself anew."""
        row = self.row_or_404(request, object_id)
        context = self._state(row)
        answer = render(request, "scoring/run_state.html", context)
        if context["job"].finished:
            answer["HX-Refresh"] = "true"
        return answer

    # --- starting ---------------------------------------------------------------------------------------
    def columns(self, request: HttpRequest) -> HttpResponse:
        """The columns of the load chosen, asked for when the choice changes."""
        if not self._holds(request, permissions.TRAIN):
            raise PermissionDenied
        try:
            found = columns_of(request.GET.get("load", ""), None)
        except (NotFound, ValueError):
            found = []
        return render(request, "scoring/run_columns.html", {"columns": found, "trends": TRENDS})

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        posted = request.POST if request.method == "POST" else None
        form = RunForm(posted, initial={"load": request.GET.get("load", "")})
        columns = columns_of(form.load_id, posted)
        if posted is not None and form.is_valid():
            run = self._start(request, form, columns)
            if run is not None:
                text = _now("The model run has started: %(model)s.") % {"model": run.model.name}
                messages.success(request, text)
                return HttpResponseRedirect(self.own_address(run.pk))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Start a model run"),
            "form": form,
            "columns": columns,
            "trends": TRENDS,
            "new": NEW,
            "has_loads": bool(form.fields["load"].choices),  # type: ignore[attr-defined]
        }
        return TemplateResponse(request, "scoring/run_add.html", context)

    def _start(self, request: HttpRequest, form: RunForm, columns: Any) -> ModelRun | None:
        """The run, or None with the refusal in the form; a model made for it is not left behind."""
        data, actor = form.cleaned_data, acting(request)
        try:
            with transaction.atomic():
                model_id = data["model"]
                if model_id == NEW:
                    model = services.create_model(
                        code=data["new_code"], name=data["new_name"], actor=actor,
                        family=data["new_family"] or form.fields["new_family"].choices[0][0],  # type: ignore[attr-defined]
                    )  # fmt: skip
                    model_id = str(model.pk)
                return services.start_model_run(
                    model_id=model_id,
                    load_id=data["load"],
                    kind=data["kind"],
                    seed=data["seed"],
                    spec={**form.spec(), "features": chosen_features(columns)},
                    actor=actor,
                )
        except ProblemError as error:
            show_refusal(form, error)
            return None
