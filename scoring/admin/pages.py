"""What the pages of scoring share: a page for one row, its buttons, and questions asked before acting."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from charts.words import Lang
from core.console import PolicyAdmin, ServicePage
from core.console.csv_list import CsvList
from core.errors import ProblemError

NOTE_ROWS = 4


@dataclass(frozen=True, slots=True)
class Button:
    """A step somebody may take from here; `why_not` says why this person cannot take it now."""

    label: Any
    url: str
    style: str = ""
    why_not: Any = ""


def moment(value: datetime) -> str:
    """A moment as lists write it."""
    return f"{localtime(value):%Y-%m-%d %H:%M}"


class Crumb:
    """A row under a name of its own in the path above a page."""

    def __init__(self, row: Any, words: str) -> None:
        self._meta, self.pk, self._words = row._meta, row.pk, words

    def __str__(self) -> str:
        return self._words


class ObjectPage(CsvList, ServicePage, PolicyAdmin):
    """A list with filters and CSV, and a page of its own for each row."""

    page_template = ""
    list_before_template = "scoring/list_tools.html"
    show_add_link = False
    # What the button says that adds a row; the list has none without it.
    start_label: Any = ""

    @display(description=_("Created"), ordering="created_at")
    def show_created(self, row: Any) -> str:
        return moment(row.created_at)

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """What the template shows of a row."""
        raise LookupError("This page shows nothing yet.")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        row = self.row_or_404(request, object_id)
        return self.shown(request, row, **(extra_context or {}))

    def shown(self, request: HttpRequest, row: Any, **more: Any) -> HttpResponse:
        """The page of a row."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": Crumb(row, self.named(row)),
            "title": self.named(row),
            "lang": language(),
            **self.page_context(request, row),
            **more,
        }
        return TemplateResponse(request, self.page_template, context)

    def named(self, row: Any) -> str:
        """A row in words that say what it belongs to."""
        return str(row)

    def row_or_404(self, request: HttpRequest, object_id: str, permission: str = "") -> Any:
        """The row, for who may see it and holds `permission`."""
        if not self.has_view_permission(request) or (
            permission and not self._holds(request, permission)
        ):
            raise PermissionDenied
        row = self.get_object(request, str(object_id))
        if row is None:
            raise Http404
        return row

    def address(self, name: str, *arguments: Any) -> str:
        """URL of one of this site's pages."""
        return reverse(f"{self.admin_site.name}:{name}", args=arguments)

    def own_address(self, row_id: Any) -> str:
        """URL of a row's page."""
        return self.address(f"{self.opts.app_label}_{self.opts.model_name}_change", row_id)


class NoteForm(forms.Form):
    """A sentence that goes into the record."""

    note = forms.CharField(
        label=_("Note"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": NOTE_ROWS, "class": "pan-input"}),
        help_text=_("Kept with the version and in the audit trail."),
    )


def ask(
    page: ObjectPage,
    request: HttpRequest,
    row: Any,
    *,
    question: Any,
    form: forms.Form,
    run: Callable[[dict[str, Any]], Any],
    facts: Sequence[tuple[Any, Any]] = (),
    danger: bool = False,
) -> HttpResponse:
    """A question with a small form: acts on POST and says what it did; a refusal stands on the page, in words."""
    back = page.own_address(row.pk)
    if request.method == "POST" and form.is_valid():
        try:
            messages.success(request, run(form.cleaned_data))
            return HttpResponseRedirect(back)
        except ProblemError as error:
            show_refusal(form, error)
    context = {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "original": Crumb(row, page.named(row)),
        "subject": page.named(row),
        "title": question,
        "form": form,
        "facts": facts,
        "back": back,
        "danger": danger,
    }
    return TemplateResponse(request, "scoring/ask.html", context)


def show_refusal(form: forms.Form, error: ProblemError) -> None:
    """A service's refusal beside the fields it is about, else above the form."""
    if not error.errors:
        form.add_error(None, error.detail)
    for each in error.errors:
        name = field_of(form, each.pointer, each.detail)
        path = each.pointer.strip("/")
        text = each.detail if name or not path else f"{path}: {each.detail}"
        form.add_error(name, text)


def field_of(form: forms.Form, pointer: str, detail: str) -> str | None:
    """The field a fault is about: by its pointer, or by the setting its sentence begins with."""
    parts = [part for part in pointer.strip("/").split("/") if part]
    last, first = (parts[-1], parts[0]) if parts else ("", "")
    spoken = detail.split(" ")[0].replace(".", "_")
    candidates = ("_".join(parts), last, first, spoken, f"new_{last}")
    return next((name for name in candidates if name in form.fields), None)


def language() -> Lang:
    """The language of pictures."""
    return "zh-hans" if (get_language() or "").startswith("zh") else "en"
