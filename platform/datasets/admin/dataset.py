"""The list of datasets, a dataset's page with its loads, and the pages below it."""

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from core.console import PolicyAdmin, ServicePage, shown_errors
from core.console.csv_list import Cells, CsvList
from core.errors import NotFound
from core.request import acting
from datasets import permissions, selectors, services
from datasets.admin.contract_page import contract_page
from datasets.admin.filters import LastStateFilter
from datasets.admin.upload_form import UploadForm
from datasets.models import Dataset
from datasets.states import LoadState

STATE_LABELS = {
    LoadState.RECEIVED: "info",
    LoadState.INFERRING: "info",
    LoadState.NEEDS_CONTRACT: "warning",
    LoadState.LOADING: "info",
    LoadState.READY: "success",
    LoadState.FAILED: "danger",
    LoadState.PURGED: "warning",
}
LOADS_SHOWN = 20


class DatasetForm(forms.ModelForm):  # type: ignore[type-arg]
    """Only to make a dataset; the rules are the service's."""

    title = forms.CharField(label=_("title"), required=False, widget=UnfoldAdminTextInputWidget())

    class Meta:
        model = Dataset
        fields = ("name", "title", "description")
        widgets: ClassVar[dict[str, Any]] = {
            "name": UnfoldAdminTextInputWidget(attrs={"placeholder": "applications"}),
            "description": UnfoldAdminTextareaWidget(),
        }
        help_texts: ClassVar[dict[str, Any]] = {
            "name": _("Small letters, digits, - and _; a letter first.")
        }


class DatasetAdmin(CsvList, ServicePage, PolicyAdmin):
    """Named kinds of files; their loads, contract and quality are pages below."""

    view_permission = permissions.VIEW
    add_permission = permissions.UPLOAD
    form = DatasetForm
    list_display = (
        "show_name",
        "show_state",
        "loads_count",
        "show_rows",
        "show_quarantined",
        "show_contract",
        "created_at",
    )
    list_filter: ClassVar[list[Any]] = [LastStateFilter, "created_at"]
    search_fields = ("name", "title")
    ordering = ("-id",)
    add_form_template = "admin/change_form.html"
    change_form_template = "datasets/dataset.html"
    csv_header = ("name", "title", "loads", "state", "rows", "quarantined", "contract", "created")

    def get_queryset(self, request: HttpRequest) -> Any:
        return selectors.dataset_rows()

    def csv_row(self, row: Any) -> Cells:
        view = selectors.as_dataset(row)
        return (
            view.name,
            view.title,
            view.loads,
            view.last_state,
            view.last_rows_good,
            view.last_rows_quarantined,
            view.confirmed_version,
            view.created_at.isoformat(),
        )

    @display(description=_("Dataset"), ordering="name", header=True)
    def show_name(self, row: Dataset) -> list[str]:
        return [row.title, row.name]

    @display(description=_("Newest load"), ordering="last_state", label=STATE_LABELS)
    def show_state(self, row: Any) -> tuple[str, Any] | None:
        return (row.last_state, LoadState(row.last_state).label) if row.last_state else None

    @display(description=_("Loads"), ordering="loads_count")
    def loads_count(self, row: Any) -> int:
        return int(row.loads_count)

    @display(description=_("Good rows"), ordering="last_rows_good")
    def show_rows(self, row: Any) -> str:
        return "–" if row.last_rows_good is None else f"{row.last_rows_good:,}"

    @display(description=_("Quarantined"), ordering="last_rows_quarantined")
    def show_quarantined(self, row: Any) -> str:
        return "–" if row.last_rows_quarantined is None else f"{row.last_rows_quarantined:,}"

    @display(description=_("Contract"), ordering="confirmed_version")
    def show_contract(self, row: Any) -> SafeString | str:
        if row.draft_version:
            return format_html(
                '<span class="pan-tag pan-needs_contract">{}</span>',
                _("v%(version)s draft") % {"version": row.draft_version},
            )
        return f"v{row.confirmed_version}" if row.confirmed_version else "–"

    # --- pages ------------------------------------------------------------------------------------------
    def add_by_service(self, request: HttpRequest, data: dict[str, Any]) -> Dataset:
        return services.create_dataset(actor=acting(request), **data)

    def response_add(
        self, request: HttpRequest, obj: Dataset, post_url_continue: Any = None
    ) -> HttpResponse:
        messages.success(
            request, _("Dataset “%(name)s” was made. Bring its first file.") % {"name": obj}
        )
        return HttpResponseRedirect(reverse("admin:datasets_dataset_change", args=[obj.pk]))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        context = {**(extra_context or {}), **self._dataset_context(request, object_id)}
        return super().change_view(request, object_id, form_url, context)  # type: ignore[no-any-return]

    def _dataset_context(self, request: HttpRequest, object_id: str) -> dict[str, Any]:
        if self.get_object(request, object_id) is None:
            raise Http404
        dataset = selectors.get_dataset(object_id)
        loads = [
            selectors.as_load(r) for r in selectors.load_rows(dataset_id=dataset.id)[:LOADS_SHOWN]
        ]
        return {
            "dataset": dataset,
            "title": dataset.title,
            "loads": loads,
            "more_loads": max(0, dataset.loads - len(loads)),
            "contracts": selectors.contract_history(dataset.id)[:5],
            "upload_form": UploadForm(),
            "max_bytes": services.max_bytes(),
            "may_upload": request.user.has_perm(permissions.UPLOAD),  # type: ignore[union-attr]
            "may_change": request.user.has_perm(permissions.CHANGE_CONTRACT),  # type: ignore[union-attr]
        }

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [
            path("<uuid:object_id>/upload/", wrap(self.upload), name="datasets_dataset_upload"),
            path("<uuid:object_id>/contract/", wrap(self.contract), name="datasets_contract"),
            path(
                "<uuid:object_id>/contract/confirm/",
                wrap(self.confirm),
                name="datasets_contract_confirm",
            ),
        ]
        return [*own, *super().get_urls()]

    # The file must not be parsed into a temporary folder before the form's token is checked, so the handler is set
    # first and the check comes after.
    @method_decorator(csrf_exempt)
    def upload(self, request: HttpRequest, object_id: str) -> HttpResponse:
        uploads = services.StorageUploadHandler(request)
        request.upload_handlers = [uploads]
        try:
            with shown_errors(request):
                return csrf_protect(self._upload)(request, str(object_id))
        finally:
            uploads.discard()
        return HttpResponseRedirect(reverse("admin:datasets_dataset_change", args=[object_id]))

    def _upload(self, request: HttpRequest, object_id: str) -> HttpResponse:
        self._require(request, permissions.UPLOAD)
        dataset = self._dataset(object_id)
        back = reverse("admin:datasets_dataset_change", args=[object_id])
        form = UploadForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            with shown_errors(request):
                load = services.receive_file(
                    dataset_id=object_id,
                    file=form.cleaned_data["file"],
                    filename=form.cleaned_data["file"].name,
                    as_of=form.cleaned_data["as_of"],
                    actor=acting(request),
                )
                messages.success(
                    request,
                    _("%(file)s was received as load #%(number)s and is being looked at.")
                    % {"file": load.file_name, "number": load.number},
                )
                back = reverse("admin:datasets_datasetload_change", args=[load.pk])
            return HttpResponseRedirect(back)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Bring a file"),
            "dataset": dataset,
            "upload_form": form,
            "max_bytes": services.max_bytes(),
            "opts": self.opts,
            "object": self.get_object(request, object_id),
            "back": back,
        }
        return TemplateResponse(request, "datasets/upload.html", context)

    def contract(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The contract as a form table, one row a column."""
        self._require(request, permissions.VIEW)
        return contract_page(self, request, self._dataset(str(object_id)))

    def confirm(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then confirm exactly the draft that was seen."""
        self._require(request, permissions.CONFIRM_CONTRACT)
        dataset = self._dataset(str(object_id))
        seen = request.GET.get("sha256", "")

        def run() -> str:
            waiting = selectors.load_rows(
                dataset_id=dataset.id, state=LoadState.NEEDS_CONTRACT
            ).count()
            version = services.confirm_contract(
                dataset_id=dataset.id,
                actor=acting(request),
                expected_sha256=seen,
            )
            return ngettext(
                "Contract v%(version)s is confirmed; %(n)s waiting load goes on.",
                "Contract v%(version)s is confirmed; %(n)s waiting loads go on.",
                waiting,
            ) % {"version": version.version, "n": waiting}

        question = _(
            "Confirm this contract? It cannot be changed afterwards, only followed by a new version."
        )
        return self.confirmed(request, dataset.id, question=question, run=run)

    def _require(self, request: HttpRequest, code: str) -> None:
        if not self._holds(request, code):
            raise PermissionDenied

    def _dataset(self, object_id: str) -> selectors.DatasetView:
        try:
            return selectors.get_dataset(object_id)
        except NotFound as error:
            raise Http404 from error
