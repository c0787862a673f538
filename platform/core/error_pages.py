"""Django's own error answers: problem+json below /api/, a plain page elsewhere."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template import loader

from core.problem import problem_response

_TITLES = {
    400: "Bad request",
    403: "This is not allowed",
    404: "Not found",
    500: "Something went wrong here",
}
_CODES = {400: "bad_request", 403: "forbidden", 404: "not_found", 500: "internal_error"}


def _answer(request: HttpRequest, status: int) -> HttpResponse:
    if request.path.startswith("/api/"):
        return problem_response(request, status=status, code=_CODES[status], title=_TITLES[status])
    body = loader.get_template("error.html").render(
        {
            "status": status,
            "title": _TITLES[status],
            "request_id": getattr(request, "request_id", ""),
        }
    )
    return HttpResponse(body, status=status)


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _answer(request, 404)


def forbidden(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _answer(request, 403)


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _answer(request, 400)


def server_error(request: HttpRequest) -> HttpResponse:
    return _answer(request, 500)
