"""`GET /metrics` on the operators' host, for a Prometheus that knows the token."""

import hmac

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST

from core.errors import NotAuthenticated
from core.problem import error_response
from core.telemetry.metrics import exposition


def metrics(request: HttpRequest) -> HttpResponse:
    """Text format; `Authorization: Bearer` with the secret PANORAMA_METRICS_TOKEN."""
    given = request.headers.get("Authorization", "").encode()
    if not hmac.compare_digest(given, f"Bearer {settings.METRICS_TOKEN}".encode()):
        response = error_response(request, NotAuthenticated())
        response["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return response
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST)
