"""One line and one count for each answered call."""

import logging
import time
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.functional import LazyObject, empty

from core.actors import Actor
from core.telemetry.metrics import count_request, route_of

log = logging.getLogger("panorama.access")
# Each of these leaves a durable row with the request's id; a line beside it would cost more than it tells.
_RECORDED = "api/v1/scoring/decisions"


def answered(request: HttpRequest, response: HttpResponse, *, began: float) -> None:
    """Called once an answer is ready; `began` is `time.perf_counter()` at the start."""
    seconds = time.perf_counter() - began
    count_request(request, response, seconds=seconds)
    route = route_of(request)
    if not settings.ACCESS_LOG or (route == _RECORDED and response.status_code < 300):
        return
    fields: dict[str, Any] = {
        "method": request.method,
        "route": route,
        "status": response.status_code,
        "ms": round(seconds * 1000, 1),
    }
    if actor := _known_actor(request):
        fields["actor"] = f"{actor.kind}:{actor.id}"
    log.info("answered", extra={"fields": fields})


def _known_actor(request: HttpRequest) -> Actor | None:
    """Who called, when the answer had to find that out anyway: a log line asks the database nothing."""
    actor = getattr(request, "actor", None)
    if isinstance(actor, LazyObject):
        found = actor.__dict__.get("_wrapped")
        return None if found is empty else cast(Actor, found)
    return actor
