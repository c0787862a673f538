"""What the pages of compliance share: a list, a page of facts with buttons, and questions asked before acting."""

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from core.console import PolicyAdmin
from core.console.csv_list import CsvList
from core.errors import ProblemError

Button = tuple[Any, str, str]


def moment(value: Any) -> str:
    """A moment as pages write it."""
    return f"{localtime(value):%Y-%m-%d %H:%M}" if value else ""


def text_field(label: Any, *, rows: int = 3, help_text: Any = "") -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows, "class": "pan-input"})
    return forms.CharField(label=label, max_length=1000, widget=widget, help_text=help_text)


def line_field(label: Any, *, required: bool = False, help_text: Any = "") -> forms.CharField:
    widget = forms.TextInput(attrs={"class": "pan-input", "autocomplete": "off"})
    return forms.CharField(
        label=label,
        max_length=100,
        required=required,
        strip=False,
        widget=widget,
        help_text=help_text,
    )


class PasswordForm(forms.Form):
    """Who decides about a person proves once more who it is."""

    password = forms.CharField(
        label=_("Your password"),
        widget=forms.PasswordInput(
            attrs={"class": "pan-input", "autocomplete": "current-password"}
        ),
        help_text=_("Asked for again because this cannot be undone."),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = user

    def clean_password(self) -> str:
        if not self._user.check_password(self.cleaned_data["password"]):
            raise forms.ValidationError(_("This is not your password."))
        return ""


class FactPage(CsvList, PolicyAdmin):
    """A list with filters and CSV, and a page of its own for each row."""

    list_before_template = "compliance/list_tools.html"
    ordering = ("-id",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def page(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """What the template shows of a row: title, state_label, facts, buttons, rows."""
        raise LookupError("This page shows nothing yet.")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        row = self.row_or_404(request, object_id)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": row,
            **self.page(request, row),
        }
        return TemplateResponse(request, "compliance/object.html", context)

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

    def own_address(self, row_id: Any) -> str:
        name = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_change"
        return reverse(name, args=[row_id])

    def list_address(self) -> str:
        return reverse(
            f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_changelist"
        )


def ask(
    site: Any,
    request: HttpRequest,
    *,
    title: Any,
    form: forms.Form,
    run: Callable[[dict[str, Any]], tuple[Any, str]],
    back: str,
    subject: Any = "",
    hint: Any = "",
    danger: bool = False,
) -> HttpResponse:
    """A question with a form: on POST `run` acts and gives what was done and where to go; a refusal stays here."""
    if request.method == "POST" and form.is_valid():
        try:
            done, target = run(form.cleaned_data)
            messages.success(request, done)
            return HttpResponseRedirect(target)
        except ProblemError as error:
            _show(form, error)
    context = {
        **site.each_context(request),
        "title": title,
        "form": form,
        "back": back,
        "subject": subject,
        "hint": hint,
        "danger": danger,
    }
    return TemplateResponse(request, "compliance/ask.html", context)


def _show(form: forms.Form, error: ProblemError) -> None:
    if not error.errors:
        form.add_error(None, error.detail)
    for each in error.errors:
        name = each.pointer.strip("/").split("/")[0]
        form.add_error(name if name in form.fields else None, each.detail)


def facts(*pairs: tuple[Any, Any]) -> Sequence[tuple[Any, Any]]:
    return pairs
