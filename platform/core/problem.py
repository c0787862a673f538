"""The one mapping of errors to `application/problem+json` (RFC 9457)."""

import logging
from collections.abc import Mapping
from typing import Any

import orjson
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework import exceptions as drf
from rest_framework.response import Response

from core.errors import FieldError, Forbidden, NotFound, ProblemError, Unavailable

log = logging.getLogger(__name__)
CONTENT_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:panorama:problem:"


def problem_body(
    *,
    status: int,
    code: str,
    title: str,
    detail: str = "",
    errors: tuple[FieldError, ...] = (),
    request_id: str = "",
    members: Mapping[str, object] | None = None,
) -> dict[str, Any]:
    """Members of RFC 9457 plus `code`, `request_id` and `errors` (each with a JSON pointer)."""
    body: dict[str, Any] = {
        **(members or {}),
        "type": TYPE_PREFIX + code,
        "title": title,
        "status": status,
        "code": code,
        "detail": detail or title,
        "request_id": request_id,
    }
    if errors:
        body["errors"] = [
            {"pointer": e.pointer, "code": e.code, "detail": e.detail} for e in errors
        ]
    return body


def problem_response(
    request: HttpRequest,
    *,
    status: int,
    code: str,
    title: str,
    detail: str = "",
    errors: tuple[FieldError, ...] = (),
    retry_after: int | None = None,
    members: Mapping[str, object] | None = None,
) -> HttpResponse:
    """A finished response for code outside DRF."""
    request_id = getattr(request, "request_id", "")
    body = problem_body(
        status=status, code=code, title=title, detail=detail, errors=errors, request_id=request_id,
        members=members,
    )  # fmt: skip
    response = HttpResponse(orjson.dumps(body), status=status, content_type=CONTENT_TYPE)
    response["Content-Length"] = str(len(response.content))
    if request_id:
        response["X-Request-ID"] = request_id
    if retry_after is not None:
        response["Retry-After"] = str(retry_after)
    return response


def error_response(request: HttpRequest, error: ProblemError) -> HttpResponse:
    return problem_response(
        request,
        status=error.status,
        code=error.code,
        title=error.title,
        detail=error.detail,
        errors=error.errors,
        retry_after=error.retry_after,
        members=error.members,
    )


def _pointers(detail: Any, prefix: str = "") -> list[FieldError]:
    if isinstance(detail, dict):
        out: list[FieldError] = []
        for key, value in detail.items():
            step = (
                ""
                if key == "non_field_errors"
                else "/" + str(key).replace("~", "~0").replace("/", "~1")
            )
            out += _pointers(value, prefix + step)
        return out
    if isinstance(detail, list):
        out = []
        for index, value in enumerate(detail):
            nested = isinstance(value, dict | list)
            out += _pointers(value, f"{prefix}/{index}" if nested else prefix)
        return out
    return [FieldError(prefix, getattr(detail, "code", "invalid"), str(detail))]


def _as_problem(exc: Exception) -> ProblemError | None:
    if isinstance(exc, ProblemError):
        return exc
    if isinstance(exc, drf.ValidationError):
        return ProblemError("The input is not valid.", code="invalid", errors=_pointers(exc.detail))
    if isinstance(exc, Http404):
        return NotFound()
    if isinstance(exc, PermissionDenied):
        return Forbidden()
    if isinstance(exc, drf.APIException):
        wait = getattr(exc, "wait", None)
        code = exc.get_codes()
        problem = ProblemError(
            str(exc.detail),
            code=code if isinstance(code, str) else "error",
            retry_after=int(wait) + 1 if wait else None,
        )
        problem.status = exc.status_code
        return problem
    if isinstance(exc, OperationalError | InterfaceError):
        log.exception("database not available")
        return Unavailable(retry_after=2)
    return None


_TITLES = {400: "Bad request", 401: "Authentication is required", 403: "This is not allowed", 404: "Not found",
           405: "Method not allowed", 415: "Unsupported media type", 429: "Too many requests",
           503: "Temporarily not available"}  # fmt: skip


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's `EXCEPTION_HANDLER`."""
    problem = _as_problem(exc)
    if problem is None:
        return None
    request = context["request"]
    title = (
        _TITLES.get(problem.status, problem.title)
        if type(problem) is ProblemError
        else problem.title
    )
    body = problem_body(
        status=problem.status,
        code=problem.code,
        title=title,
        detail=problem.detail,
        errors=problem.errors,
        request_id=getattr(request, "request_id", ""),
        members=problem.members,
    )
    response = Response(body, status=problem.status, content_type=CONTENT_TYPE)
    if problem.retry_after is not None:
        response["Retry-After"] = str(problem.retry_after)
    if problem.status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="panorama"'
    return response
