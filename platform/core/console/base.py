"""Base of every admin page over a table: a client of the services, read-only and denied by default."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib import messages
from django.db import models
from django.http import Http404, HttpRequest
from unfold.admin import ModelAdmin

from core.errors import ProblemError


class PolicyAdmin(ModelAdmin):  # type: ignore[misc]
    """Rights come from named permissions. Without one in `change_permission`, the page is read-only.

    Deleting never happens here, and writes go through services, so Django's own log entries are not written: the
    audit trail is ours.
    """

    view_permission = ""
    add_permission = ""
    change_permission = ""
    list_per_page = 50
    show_full_result_count = False
    list_filter_submit = True
    compressed_fields = True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._holds(request, self.view_permission)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._holds(request, self.add_permission)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._holds(request, self.change_permission)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: Any, object_id: str
    ) -> Any:
        """404 as everywhere else; Django would lead to the overview with a message."""
        raise Http404

    def _holds(self, request: HttpRequest, code: str) -> bool:
        return bool(code) and bool(request.user.has_perm(code))

    def log_addition(self, request: HttpRequest, obj: models.Model, message: Any) -> None:
        """The audit trail has it."""

    def log_change(self, request: HttpRequest, obj: models.Model, message: Any) -> None:
        """The audit trail has it."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        """Nothing is deleted here."""


@contextmanager
def shown_errors(request: HttpRequest) -> Iterator[None]:
    """Turn a service's refusal into a message on the page instead of an error page."""
    try:
        yield
    except ProblemError as error:
        messages.error(request, error.detail)
        for each in error.errors[:10]:
            messages.error(request, f"{each.pointer.strip('/') or '-'}: {each.detail}")
