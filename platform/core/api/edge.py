"""First and last look at what passes the API: requests no route should see, answers no caller should get."""

import re
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import unquote_to_bytes

from django.http import HttpRequest, HttpResponse

from core.errors import ProblemError
from core.problem import CONTENT_TYPE, error_response, problem_response

PREFIX = "/api/"
QUERY_BYTES = 8 * 1024
HEADER_BYTES = 32 * 1024
HEADERS = 100
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
Handler = Callable[[HttpRequest], HttpResponse]


class MalformedUrl(ProblemError):
    """A query string that is not percent-encoded UTF-8."""

    code = "malformed_url"
    title = "The address is malformed"


class UrlTooLong(ProblemError):
    status = 414
    code = "url_too_long"
    title = "The address is too long"


class HeadersTooLarge(ProblemError):
    status = 431
    code = "headers_too_large"
    title = "Too many headers, or too large ones"


class LengthRequired(ProblemError):
    """A body in chunks says nothing about its end; every body here says its length first."""

    status = 411
    code = "length_required"
    title = "The body needs a Content-Length"


class EncodedBody(ProblemError):
    """Compressed bodies are not taken: what they become is not bounded by what they are."""

    status = 415
    code = "content_encoding_refused"
    title = "The body has to come without a Content-Encoding"


class ApiEdgeMiddleware:
    """Below /api/ only: refuses what is malformed, and turns any bare error into a problem document."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(PREFIX):
            return self.get_response(request)
        refused = _refusal(request)
        if refused is not None:
            return error_response(request, refused)
        response = self.get_response(request)
        return response if response.status_code < 400 else _as_problem(request, response)


def _refusal(request: HttpRequest) -> ProblemError | None:
    meta = request.META
    query: str = meta.get("QUERY_STRING", "")
    if query and (fault := _query_fault(query)):
        return fault
    if meta.get("HTTP_CONTENT_ENCODING", "identity").strip().lower() not in ("", "identity"):
        return EncodedBody()
    length = meta.get("CONTENT_LENGTH") or ""
    if length and not (length.isascii() and length.isdigit()):
        return ProblemError("Content-Length is not a number.", code="bad_length")
    if not length and meta.get("HTTP_TRANSFER_ENCODING"):
        return LengthRequired()
    return _header_fault(request)


def _query_fault(query: str) -> ProblemError | None:
    if len(query) > QUERY_BYTES:
        return UrlTooLong(f"At most {QUERY_BYTES} bytes of query are taken.")
    if "%" not in query and query.isascii():
        return None
    if _BROKEN_ESCAPE.search(query):
        return MalformedUrl("A % is not followed by two hexadecimal digits.")
    try:
        # WSGI hands the bytes over as Latin-1.
        unquote_to_bytes(query.encode("latin-1")).decode()
    except ValueError:
        return MalformedUrl("The query is not UTF-8.")
    return None


def _header_fault(request: HttpRequest) -> ProblemError | None:
    count = size = 0
    for name, value in request.META.items():
        if name.startswith("HTTP_"):
            count += 1
            size += len(name) + len(value)
    if count > HEADERS or size > HEADER_BYTES:
        return HeadersTooLarge(f"At most {HEADERS} headers of {HEADER_BYTES} bytes in all.")
    return None


def _as_problem(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Django's own short answers become problems; those of OAuth (RFC 6749) are JSON already and stay."""
    kind = response.headers.get("Content-Type", "")
    if response.streaming or kind.startswith((CONTENT_TYPE, "application/json")):
        return response
    status = response.status_code
    title = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Error"
    code = "internal_error" if status == 500 else title.lower().replace(" ", "_").replace("-", "_")
    problem = problem_response(request, status=status, code=code, title=title)
    for name in ("Allow", "Retry-After", "WWW-Authenticate", "Vary"):
        if name in response.headers:
            problem[name] = response.headers[name]
    return problem
