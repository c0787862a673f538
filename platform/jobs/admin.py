"""Jobs with a moving progress bar, on both sites."""

from functools import partial
from typing import Any, ClassVar

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from core.console import PolicyAdmin, ServicePage, bank_site, ops_site
from core.console.csv_list import csv_response
from core.console.sites import PanoramaSite
from core.errors import NotFound
from core.request import acting
from jobs import selectors, services
from jobs.choices import JobState, Queue
from jobs.models import Job
from jobs.queues import SORTS, LaneView, queue_page

STATE_LABELS = {
    JobState.QUEUED: "info",
    JobState.RUNNING: "primary",
    JobState.CANCELLING: "warning",
    JobState.SUCCEEDED: "success",
    JobState.FAILED: "danger",
    JobState.CANCELLED: "warning",
}


class JobAdmin(ServicePage, PolicyAdmin):
    """Every long piece of work: look, cancel, resume."""

    view_permission = "jobs.view"
    list_display = (
        "show_title",
        "kind",
        "queue",
        "show_state",
        "show_progress",
        "created_by",
        "created_at",
    )
    list_filter: ClassVar[list[Any]] = ["state", "queue", "kind", "created_at"]
    search_fields = ("title", "kind", "created_by")
    change_form_template = "jobs/job.html"
    actions_detail: ClassVar[list[str]] = ["cancel", "resume"]
    ordering = ("-id",)

    @display(description=_("Job"), ordering="title")
    def show_title(self, job: Job) -> str:
        return str(job)

    @display(description=_("State"), ordering="state", label=STATE_LABELS)
    def show_state(self, job: Job) -> tuple[str, str]:
        return job.state, job.get_state_display()

    @display(description=_("Progress"))
    def show_progress(self, job: Job) -> SafeString:
        percent = selectors.as_view(job).percent
        return format_html(
            '<progress class="pan-progress" max="100" value="{}">{} %</progress>', percent, percent
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        context = (
            {**(extra_context or {}), **_progress_context(object_id)}
            if _is_id(object_id)
            else extra_context
        )
        return super().change_view(request, object_id, form_url, context)  # type: ignore[no-any-return]

    def has_control_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._holds(request, "jobs.control")

    @action(description=_("Cancel"), url_path="cancel", permissions=["control"])
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def run() -> str:
            job = services.cancel_job(job_id=object_id, actor=acting(request))
            return str(_("The job is %(state)s.")) % {"state": job.get_state_display()}

        return self.confirmed(request, object_id, question=_("Cancel this job?"), run=run)

    @action(description=_("Resume"), url_path="resume", permissions=["control"])
    def resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def run() -> str:
            services.resume_job(job_id=object_id, actor=acting(request))
            return str(_("The job is queued again and goes on where it stopped."))

        return self.confirmed(request, object_id, question=_("Resume this job?"), run=run)


def _is_id(value: str) -> bool:
    return Job.objects.filter(pk=value).exists() if len(value) == 36 else False


def _progress_context(job_id: str) -> dict[str, Any]:
    return {"job": selectors.get_job(job_id), "log": selectors.job_log(job_id)}


def progress(request: HttpRequest, job_id: str) -> HttpResponse:
    """The moving part of a job's page; asked for every second while the job runs."""
    if not request.user.has_perm("jobs.view"):
        return HttpResponse(status=403)
    try:
        context = _progress_context(str(job_id))
    except NotFound as error:
        raise Http404 from error
    return render(request, "jobs/progress.html", context)


def queues(request: HttpRequest, site: PanoramaSite) -> HttpResponse:
    """The operators' picture of all queues; `export=csv` gives the page shown as a file."""
    if not request.user.has_perm("jobs.view"):
        return HttpResponse(status=403)
    queue = request.GET.get("queue", "")
    queue = queue if queue in Queue.values else ""
    sort = request.GET.get("sort", "waiting")
    number = request.GET.get("page", "1")
    page = (
        min(int(number), 10_000) if number.isascii() and number.isdigit() and len(number) < 6 else 1
    )
    found = queue_page(queue=queue, sort=sort, page=page)
    if request.GET.get("export") == "csv":
        return csv_response("queues", QUEUE_HEADER, [_csv_row(lane) for lane in found.lanes])
    context = {
        **site.each_context(request),
        "title": _("Queues"),
        "found": found,
        "queue": queue,
        "queues": Queue.choices,
        "sort": sort if sort in SORTS else "waiting",
        "page": page,
    }
    return render(request, "jobs/queues.html", context)


QUEUE_HEADER = (
    "queue",
    "bank",
    "waiting",
    "with_workers",
    "at_once",
    "weight",
    "held",
    "next_waits_since",
)


def _csv_row(lane: LaneView) -> list[str | int | float | None]:
    since = lane.oldest.isoformat() if lane.oldest else None
    held = "yes" if lane.held else "no"
    return [
        lane.queue, lane.schema, lane.waiting, lane.in_flight, lane.share, lane.weight, held, since,
    ]  # fmt: skip


def _queue_pages(site: PanoramaSite) -> list[URLPattern]:
    view = site.admin_view(partial(queues, site=site))
    return [path("jobs/queues/", view, name="job_queues")]


def _pages(site: PanoramaSite) -> list[URLPattern]:
    return [path("jobs/progress/<uuid:job_id>/", site.admin_view(progress), name="job_progress")]


for _site in (bank_site, ops_site):
    _site.register(Job, JobAdmin)
    _site.add_pages(_pages)
ops_site.add_pages(_queue_pages)
