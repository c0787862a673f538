"""First in the chain: the request's id, its bank by Host, and the scope everything after it runs in."""

import re
import time
import uuid
from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.utils import timezone

from core.admission import admission, admission_key, admit
from core.log_context import request_log_context
from core.problem import problem_response
from core.telemetry.access import answered
from core.telemetry.health import PROBES
from core.tenancy import (
    PUBLIC,
    UPGRADING,
    BankContext,
    Context,
    UnknownBank,
    bank_directory,
    context_scope,
)

_REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}$")
Handler = Callable[[HttpRequest], HttpResponse]


def _zone(request: HttpRequest, context: Context) -> ZoneInfo:
    """Pages tell the bank's own time; the API tells UTC."""
    if isinstance(context, BankContext) and request.path.startswith("/admin/"):
        return ZoneInfo(context.time_zone)
    return ZoneInfo("UTC")


class ScopeMiddleware:
    """Resolves Host to the ops site or a bank; unknown hosts and banks not served get a bare 404 or 403."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if probe := PROBES.get(request.path):
            return probe()
        began = time.perf_counter()
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = given if _REQUEST_ID.match(given) else uuid.uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        response = self._answer(request, request_id)
        schema = getattr(getattr(request, "context", None), "schema", "-")
        with request_log_context(schema=schema, request_id=request_id):
            answered(request, response, began=began)
        return response

    def _answer(self, request: HttpRequest, request_id: str) -> HttpResponse:
        try:
            context = self._context(request)
        except UnknownBank:
            return problem_response(request, status=404, code="unknown_host", title="Not found")
        if isinstance(context, BankContext) and context.state == UPGRADING:
            return problem_response(
                request, status=503, code="bank_upgrading", title="This bank is being upgraded", retry_after=5
            )  # fmt: skip
        if isinstance(context, BankContext) and not context.is_active:
            return problem_response(
                request,
                status=403,
                code=f"bank_{context.state}",
                title="This bank is not being served",
            )
        request.context = context  # type: ignore[attr-defined]
        request.bank = context if isinstance(context, BankContext) else None  # type: ignore[attr-defined]
        request.urlconf = (  # type: ignore[attr-defined]
            settings.BANK_URLCONF if request.bank else settings.OPS_URLCONF  # type: ignore[attr-defined]
        )
        if isinstance(context, BankContext):
            response = self._admitted(request, context, request_id)
        else:
            response = self._served(request, context, request_id)
        response["X-Request-ID"] = request_id
        if rate := getattr(request, "rate", None):
            response["RateLimit-Policy"], response["RateLimit"] = rate
        return response

    def _admitted(self, request: HttpRequest, bank: BankContext, request_id: str) -> HttpResponse:
        key = admission_key(bank, request.path)
        if not admit(key, bank):
            return problem_response(
                request,
                status=429,
                code="too_many_at_once",
                title="Too many requests at once",
                detail="This bank has as many requests in hand as it may have at once; try again.",
                retry_after=1,
            )
        try:
            return self._served(request, bank, request_id)
        finally:
            admission.leave(key)

    def _served(self, request: HttpRequest, context: Context, request_id: str) -> HttpResponse:
        with (
            context_scope(context),
            request_log_context(schema=context.schema, request_id=request_id),
            timezone.override(_zone(request, context)),
        ):
            return self.get_response(request)

    def _context(self, request: HttpRequest) -> Context:
        host, _port = split_domain_port(request.get_host())
        if host in settings.OPS_HOSTS:
            return PUBLIC
        return bank_directory().by_host(host)
