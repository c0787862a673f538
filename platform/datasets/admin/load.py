"""The list of loads, a load's page with its quality, and its quarantine."""

from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from core.console import PolicyAdmin, ServicePage, shown_errors
from core.console.csv_list import Cells, CsvList
from core.errors import NotFound
from core.request import acting
from datasets import permissions, selectors, services
from datasets.admin.dataset import STATE_LABELS
from datasets.admin.quality_page import picture_csv, quality_context
from datasets.admin.quarantine_page import quarantine_page
from datasets.models import DatasetLoad
from datasets.states import WORKING_STATES, LoadState
from jobs.selectors import get_job


class LoadAdmin(CsvList, ServicePage, PolicyAdmin):
    """Every file that came, over all datasets."""

    view_permission = permissions.VIEW
    list_display = (
        "show_number",
        "file_name",
        "show_state",
        "show_rows",
        "show_quarantined",
        "show_bad_rate",
        "created_by",
        "created_at",
    )
    list_filter: ClassVar[list[Any]] = ["state", "dataset", "created_at"]
    search_fields = ("file_name", "dataset__name", "dataset__title")
    ordering = ("-id",)
    change_form_template = "datasets/load.html"
    csv_header = (
        "dataset", "load", "file", "state", "rows", "good", "quarantined", "bad rate", "sent by", "received",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> Any:
        return selectors.load_rows()

    def csv_row(self, row: Any) -> Cells:
        view = selectors.as_load(row)
        return (
            view.dataset_name,
            view.number,
            view.file_name,
            view.state,
            view.rows_in,
            view.rows_good,
            view.rows_quarantined,
            view.quality.bad_rate if view.quality else None,
            view.created_by,
            view.created_at.isoformat(),
        )

    @display(description=_("Load"), ordering="number", header=True)
    def show_number(self, row: DatasetLoad) -> list[str]:
        return [f"{row.dataset} #{row.number}", row.dataset.name]

    @display(description=_("State"), ordering="state", label=STATE_LABELS)
    def show_state(self, row: Any) -> tuple[str, Any]:
        return row.known_state, LoadState(row.known_state).label

    @display(description=_("Good rows"), ordering="rows_good")
    def show_rows(self, row: DatasetLoad) -> str:
        return f"{row.rows_good:,}"

    @display(description=_("Quarantined"), ordering="rows_quarantined")
    def show_quarantined(self, row: DatasetLoad) -> str:
        return f"{row.rows_quarantined:,}"

    @display(description=_("Bad rate"), ordering="quality__bad_rate")
    def show_bad_rate(self, row: DatasetLoad) -> str:
        scores = selectors.as_load(row).quality
        return "–" if scores is None or scores.bad_rate is None else f"{scores.bad_rate:.2%}"

    # --- pages ------------------------------------------------------------------------------------------
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        context = {**(extra_context or {}), **self._load_context(request, object_id)}
        return super().change_view(request, object_id, form_url, context)  # type: ignore[no-any-return]

    def _load_context(self, request: HttpRequest, object_id: str) -> dict[str, Any]:
        if self.get_object(request, object_id) is None:
            raise Http404
        load = selectors.get_load(object_id)
        may_upload = request.user.has_perm(permissions.UPLOAD)  # type: ignore[union-attr]
        return {
            "load": load,
            "title": f"{load.dataset_name} #{load.number}",
            "state_label": LoadState(load.state).label,
            "working": load.state in WORKING_STATES,
            "job": get_job(load.job_id) if load.job_id else None,
            "may_repeat": may_upload and load.state in (LoadState.READY, LoadState.FAILED),
            "may_see_quarantine": request.user.has_perm(permissions.VIEW_QUARANTINE),  # type: ignore[union-attr]
            **quality_context(load, request.GET.get("columns", "")),
        }

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        one = "<uuid:object_id>"
        own = [
            path(f"{one}/state/", wrap(self.state), name="datasets_load_state"),
            path(f"{one}/again/", wrap(self.again), name="datasets_load_again"),
            path(f"{one}/picture/<str:key>.csv", wrap(self.picture), name="datasets_load_picture"),
            path(f"{one}/quarantine/", wrap(self.quarantine), name="datasets_quarantine"),
            path(
                f"{one}/quarantine/<str:kind>/",
                wrap(self.download),
                name="datasets_quarantine_file",
            ),
        ]
        return [*own, *super().get_urls()]

    def state(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The moving part of the page; once the work is over the page is asked to show itself anew."""
        load = self._load(request, object_id, permissions.VIEW)
        job = get_job(load.job_id) if load.job_id else None
        context = {"load": load, "job": job, "working": load.state in WORKING_STATES}
        answer = render(request, "datasets/load_state.html", context)
        if load.state not in WORKING_STATES or (job is not None and job.finished):
            answer["HX-Refresh"] = "true"
        return answer

    def again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then take the same file through the newest confirmed contract."""
        load = self._load(request, object_id, permissions.UPLOAD)
        here = reverse("admin:datasets_datasetload_change", args=[load.id])
        if request.method == "POST":
            with shown_errors(request):
                repeated = services.load_again(load_id=load.id, actor=acting(request))
                messages.success(
                    request,
                    _("The file is loaded again as #%(number)s.") % {"number": repeated.number},
                )
                here = reverse("admin:datasets_datasetload_change", args=[repeated.pk])
            return HttpResponseRedirect(here)
        return self.confirmed(
            request,
            load.id,
            question=_("Load this file again, by the newest confirmed contract?"),
            run=lambda: "",
        )

    def picture(self, request: HttpRequest, object_id: str, key: str) -> HttpResponse:
        """The numbers of one picture as CSV."""
        return picture_csv(self._load(request, object_id, permissions.VIEW), key)

    def quarantine(self, request: HttpRequest, object_id: str) -> HttpResponse:
        load = self._load(request, object_id, permissions.VIEW_QUARANTINE)
        return quarantine_page(self, request, load)

    def download(self, request: HttpRequest, object_id: str, kind: str) -> FileResponse:
        load = self._load(request, object_id, permissions.VIEW_QUARANTINE)
        if kind not in ("csv", "parquet"):
            raise Http404
        try:
            found = services.export_quarantine(
                load_id=load.id,
                format=kind,  # type: ignore[arg-type]
                actor=acting(request),
            )
        except NotFound as error:
            raise Http404 from error
        return FileResponse(
            found.stream,
            as_attachment=True,
            filename=found.file_name,
            content_type=found.content_type,
            headers={"Content-Length": str(found.size)},
        )

    def _load(self, request: HttpRequest, object_id: str, code: str) -> selectors.LoadView:
        if not self._holds(request, code):
            raise PermissionDenied
        try:
            return selectors.get_load(str(object_id))
        except NotFound as error:
            raise Http404 from error
