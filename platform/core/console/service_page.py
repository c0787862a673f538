"""Admin forms whose saving is a service call, and actions that ask before they act."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from core.console.base import shown_errors
from core.errors import ProblemError


class ServicePage:
    """Mix-in of `PolicyAdmin`: `add_by_service` and `change_by_service` do the writing.

    A refusal of the service appears beside its field, and nothing is changed.
    """

    def add_by_service(self, request: HttpRequest, data: dict[str, Any]) -> Any:
        raise ProblemError("Nothing is added on this page.")

    def change_by_service(self, request: HttpRequest, obj: Any, data: dict[str, Any]) -> Any:
        raise ProblemError("Nothing is changed on this page.")

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        base = super().get_form(request, obj, change=change, **kwargs)  # type: ignore[misc]
        page = self

        class ServiceForm(base):  # type: ignore[valid-type,misc]
            def _post_clean(self) -> None:
                # Not the model's own checks: the service is the one place with rules.
                if request.method == "POST" and not self.errors:
                    page._save_by_service(request, self, obj)

        return ServiceForm

    def _save_by_service(self, request: HttpRequest, form: Any, obj: Any) -> None:
        try:
            with transaction.atomic():
                if obj is None:
                    form.instance = self.add_by_service(request, form.cleaned_data)
                else:
                    form.instance = self.change_by_service(request, obj, form.cleaned_data)
        except ProblemError as error:
            if not error.errors:
                form.add_error(None, error.detail)
            for each in error.errors:
                name = each.pointer.strip("/").split("/")[0]
                form.add_error(name if name in form.fields else NON_FIELD_ERRORS, each.detail)

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        return form.instance

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The service has saved it."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Nothing is saved beside the services."""

    def confirmed(
        self, request: HttpRequest, object_id: str, *, question: Any, run: Callable[[], str]
    ) -> HttpResponse:
        """Ask on GET, act on POST, then say what was done on the object's page. 404 where there is none."""
        found = self.get_object(request, object_id)  # type: ignore[attr-defined]
        if found is None:
            raise Http404
        meta = self.model._meta  # type: ignore[attr-defined]
        site = self.admin_site  # type: ignore[attr-defined]
        back = reverse(f"{site.name}:{meta.app_label}_{meta.model_name}_change", args=[object_id])
        if request.method == "POST":
            with shown_errors(request):
                messages.success(request, run())
            return HttpResponseRedirect(back)
        context = {
            **site.each_context(request),
            "title": question,
            "subject": str(found),
            "back": back,
            "opts": meta,
        }
        return TemplateResponse(request, "core/confirm.html", context)
