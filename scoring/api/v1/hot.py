"""`POST /api/v1/scoring/decisions` and `decisions:batch`: plain views, no serializers, one transaction."""

import logging
from collections.abc import Callable
from functools import wraps

import orjson
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from accounts import policies
from core.api.query import check_query
from core.errors import ProblemError, Unavailable
from core.idempotency.calls import REPLAYED_HEADER
from core.problem import error_response, problem_response
from core.rate_limits import charge
from core.short_cut import ShortCut
from scoring import permissions, services
from scoring.api.v1.bodies import MANY_LIMIT, ONE_LIMIT, parse, read_body
from scoring.api.v1.shapes import decision_body
from scoring.api.v1.tokens import client_of
from scoring.contracts import DecisionIn, DecisionsIn

log = logging.getLogger(__name__)
View = Callable[[HttpRequest], HttpResponse]


def _hot(view: View) -> View:
    """Errors as problem+json; POST only; no cookies, so no CSRF."""

    @csrf_exempt
    @wraps(view)
    def run(request: HttpRequest) -> HttpResponse:
        try:
            check_query(request.GET, ())
            return view(request)
        except ProblemError as error:
            response = error_response(request, error)
            if error.status == 401:
                response["WWW-Authenticate"] = 'Bearer realm="panorama"'
            return response
        except (OperationalError, InterfaceError):
            log.exception("database not available")
            return error_response(request, Unavailable(retry_after=2))

    return run


def _answer(body: object, *, replayed: bool) -> HttpResponse:
    # Sorted: JSON that comes back from the table has another order of keys, and a repeated answer is the same bytes.
    data = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    response = HttpResponse(data, status=201, content_type="application/json")
    if replayed:
        response[REPLAYED_HEADER] = "true"
    return response


@_hot
def decide_one(request: HttpRequest) -> HttpResponse:
    """One application in, one durable decision out."""
    client = client_of(request)
    policies.require(client, permissions.DECIDE)
    charge(request, client)
    body = read_body(request, ONE_LIMIT)
    given = parse(body, DecisionIn)
    call = services.new_call(
        applications=[given],
        client=client,
        key=request.META.get("HTTP_IDEMPOTENCY_KEY", ""),
        body=body,
        many=False,
    )
    decided = services.decide_applications(call=call)
    return _answer(decision_body(decided.decisions[0]), replayed=decided.replayed)


@_hot
def decide_many(request: HttpRequest) -> HttpResponse:
    """Up to 1,000 applications in one transaction: all are decided or none is."""
    if request.method != "POST":
        return not_allowed(request, "POST")
    client = client_of(request)
    policies.require(client, permissions.DECIDE)
    charge(request, client)
    body = read_body(request, MANY_LIMIT)
    given = parse(body, DecisionsIn)
    call = services.new_call(
        applications=given.applications,
        client=client,
        key=request.META.get("HTTP_IDEMPOTENCY_KEY", ""),
        body=body,
        many=True,
    )
    decided = services.decide_applications(call=call)
    bodies = [decision_body(view) for view in decided.decisions]
    return _answer({"decisions": bodies}, replayed=decided.replayed)


SHORT_CUTS = (
    ShortCut("POST", "/api/v1/scoring/decisions", "scoring", decide_one),
    ShortCut("POST", "/api/v1/scoring/decisions:batch", "scoring", decide_many),
)


def not_allowed(request: HttpRequest, allow: str) -> HttpResponse:
    response = problem_response(
        request, status=405, code="method_not_allowed", title="Method not allowed"
    )
    response["Allow"] = allow
    return response
