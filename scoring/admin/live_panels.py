"""Pieces of the overview that ask for themselves again."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from scoring import permissions
from scoring.admin.panels import work


def work_panel(request: HttpRequest) -> HttpResponse:
    """Work in progress, as it is now."""
    if not request.user.has_perm(permissions.VIEW):  # type: ignore[union-attr]
        raise PermissionDenied
    return HttpResponse(work(request))
