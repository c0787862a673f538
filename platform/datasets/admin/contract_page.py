"""The contract editor: a table with one row a column, faults beside their fields."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from core.errors import FieldError, NotFound, ProblemError
from core.request import acting
from datasets import labels, permissions, selectors, services
from datasets.admin import contract_form as form
from datasets.admin.contract_form import Cell
from datasets.contracts import DataContract

# Below Django's limit of 1,000 fields a form.
COLUMNS_A_PAGE = 40


@dataclass(slots=True)
class Row:
    """One column of the contract on the page."""

    index: int
    name: str
    cells: dict[str, Cell]
    findings: list[Mapping[str, Any]]

    @property
    def has_errors(self) -> bool:
        return any(cell.errors for cell in self.cells.values())

    @property
    def more_open(self) -> bool:
        """Whether a rarely used field holds an error."""
        return any(self.cells[name].errors for name in MORE_FIELDS)


MORE_FIELDS = (
    "good_values", "text_codes", "null_tokens", "formats", "pattern", "percent", "unit", "label", "label_zh",
)  # fmt: skip


@dataclass(slots=True)
class Editor:
    """State of the page: the version shown, its texts, and what is wrong."""

    view: selectors.ContractView
    rows: list[Row]
    settings: dict[str, Cell]
    other_errors: list[str]

    def put(self, faults: Iterable[FieldError]) -> None:
        """Each fault beside its field; above the table when its field is not on the page."""
        by_index = {row.index: row for row in self.rows}
        names = [column.name for column in self.view.contract.columns]
        for fault in faults:
            steps = fault.pointer.strip("/").split("/")
            cell, place = None, ""
            if steps[0] == "columns" and len(steps) > 1 and steps[1].isdecimal():
                index = int(steps[1])
                place = names[index] if index < len(names) else ""
                if index in by_index and len(steps) > 2:
                    cell = by_index[index].cells.get(steps[2])
            else:
                cell = self.settings.get(steps[0])
            if cell is not None:
                cell.errors.append(fault.detail)
            else:
                self.other_errors.append(f"{place}: {fault.detail}" if place else fault.detail)


def contract_page(admin: Any, request: HttpRequest, dataset: selectors.DatasetView) -> HttpResponse:
    """Show the newest version; on POST store what changed as the draft."""
    try:
        view = selectors.get_contract(dataset.id)
    except NotFound:
        messages.info(
            request, _("A contract is proposed as soon as a first file has been looked at.")
        )
        return HttpResponseRedirect(reverse("admin:datasets_dataset_change", args=[dataset.id]))
    may_change = request.user.has_perm(permissions.CHANGE_CONTRACT)  # type: ignore[union-attr]
    page = _page(request, view.contract)
    editor = _editor(view, page)
    if request.method == "POST":
        if not may_change:
            raise PermissionDenied
        answer = _save(request, dataset, editor)
        if answer is not None:
            return answer
    else:
        editor.put(services.contract_faults(view.contract))
    context = {
        **admin.admin_site.each_context(request),
        "title": _("Contract of %(name)s") % {"name": dataset.title},
        "dataset": dataset,
        "editor": editor,
        "view": view,
        "page": page,
        "query": request.GET.get("q", ""),
        "types": labels.TYPES,
        "roles": labels.ROLES,
        "privacies": labels.PRIVACY,
        "general_findings": [f for f in _findings(view) if not f["column"]],
        "may_change": may_change,
        "may_confirm": request.user.has_perm(permissions.CONFIRM_CONTRACT),  # type: ignore[union-attr]
        "history": selectors.contract_history(dataset.id),
        "opts": admin.opts,
        "object": admin.get_object(request, dataset.id),
    }
    return TemplateResponse(request, "datasets/contract.html", context)


def _page(request: HttpRequest, contract: DataContract) -> Page[int]:
    wanted = request.GET.get("q", "").strip().lower()
    places = [i for i, c in enumerate(contract.columns) if wanted in c.name.lower()]
    return Paginator(places, COLUMNS_A_PAGE).get_page(request.GET.get("page"))


def _editor(view: selectors.ContractView, page: Page[int]) -> Editor:
    found = _findings(view)
    columns = view.contract.columns
    rows = [
        Row(
            index=place,
            name=columns[place].name,
            cells=form.column_cells(columns[place]),
            findings=[f for f in found if f["column"] == columns[place].name],
        )
        for place in page.object_list
    ]
    return Editor(view, rows, form.setting_cells(view.contract), [])


def _findings(view: selectors.ContractView) -> list[dict[str, Any]]:
    """Findings of the first look, in the language of the page."""
    key = "message_zh" if labels.chart_language() == "zh-hans" else "message"
    return [
        {
            "text": finding.get(key, ""),
            "severity": finding.get("severity", "info"),
            "label": labels.SEVERITIES.get(str(finding.get("severity")), ""),
            "column": finding.get("column"),
        }
        for finding in view.findings
    ]


def _save(
    request: HttpRequest, dataset: selectors.DatasetView, editor: Editor
) -> HttpResponse | None:
    """Store the posted form. None when it was refused: the page shows why."""
    body, faults = _posted(request, editor)
    if faults:
        editor.put(faults)
        return None
    here = request.get_full_path()
    try:
        if services.parse_contract(body) == editor.view.contract:
            sha256, saved = editor.view.sha256, False
        else:
            draft = services.update_contract(
                dataset_id=dataset.id,
                body=body,
                actor=acting(request),
                expected_sha256=request.POST.get("sha256", ""),
            )
            sha256, saved = draft.body_sha256, True
            messages.success(
                request, _("Draft v%(version)s is stored.") % {"version": draft.version}
            )
    except ProblemError as error:
        editor.put(error.errors or [FieldError("", error.code, error.detail)])
        return None
    if request.POST.get("then") == "confirm" and (saved or not editor.view.is_confirmed):
        url = reverse("admin:datasets_contract_confirm", args=[dataset.id])
        return HttpResponseRedirect(f"{url}?sha256={sha256}")
    if not saved:
        messages.info(request, _("Nothing was changed."))
    return HttpResponseRedirect(here)


def _posted(request: HttpRequest, editor: Editor) -> tuple[dict[str, Any], list[FieldError]]:
    """The whole contract's JSON with what the page's fields say; their texts are kept for showing again."""
    _take(editor.settings, request, "s", form.SETTING_FLAGS)
    body = msgspec.to_builtins(editor.view.contract)
    changed, faults = form.settings_body(editor.settings)
    body |= changed
    columns = body["columns"] = list(body["columns"])
    for row in editor.rows:
        if f"c-{row.index}-type" not in request.POST:
            continue
        _take(row.cells, request, f"c-{row.index}", form.FLAGS)
        columns[row.index], wrong = form.column_body(
            columns[row.index], row.cells, f"/columns/{row.index}"
        )
        faults += wrong
    return body, faults


def _take(
    cells: dict[str, Cell], request: HttpRequest, prefix: str, flags: tuple[str, ...]
) -> None:
    for name, cell in cells.items():
        key = f"{prefix}-{name}"
        cell.value = key in request.POST if name in flags else request.POST.get(key, cell.value)
