"""A module that is off answers 403 with a code, in the API and in the admin alike."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from core.problem import problem_response
from tenants.choices import Module

_PREFIXES = [
    (f"/{area}/{module}/", module) for area in ("api/v1", "admin") for module in Module.values
]


class ModuleMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        bank = getattr(request, "bank", None)
        if bank is not None:
            for prefix, module in _PREFIXES:
                if request.path.startswith(prefix) and module not in bank.modules:
                    return _refused(request, module)
        return self.get_response(request)


def _refused(request: HttpRequest, module: str) -> HttpResponse:
    title = "The module is switched off for this bank"
    if request.path.startswith("/admin/"):
        context = {
            "status": 403,
            "detail": _(title),
            "request_id": getattr(request, "request_id", ""),
        }
        return render(request, "error.html", context, status=403)
    return problem_response(
        request,
        status=403,
        code="module_off",
        title=title,
        detail=f"The module {module} is not part of this bank's plan.",
    )
