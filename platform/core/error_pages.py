"""Django's own error answers: problem+json below /api/, a plain page elsewhere."""

import sys
from typing import Any

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template import loader

from core.problem import problem_response

_TITLES = {
    400: "Bad request",
    403: "This is not allowed",
    404: "Not found",
    413: "The body is too large",
    500: "Something went wrong here",
    503: "Temporarily not available",
}
_CODES = {
    400: "bad_request",
    403: "forbidden",
    404: "not_found",
    413: "too_large",
    500: "internal_error",
    503: "unavailable",
}


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
    large = isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent)
    return _answer(request, 413 if large else 400)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose token does not fit: most often a page that was open for too long."""
    return _answer(request, 403)


def server_error(request: HttpRequest) -> HttpResponse:
    """503 when the database cannot be had, which passes; 500 for what does not."""
    down = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    response = _answer(request, 503 if down else 500)
    if down:
        response["Retry-After"] = "2"
    return response
