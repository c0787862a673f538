"""`/api/v1/scoring/decisions`: asking goes through `hot`, looking back through here."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.query import Parameter
from core.api.views import ApiView
from scoring import permissions, selectors, services
from scoring.api.v1 import hot
from scoring.api.v1 import serializers as shapes
from scoring.api.v1.lists import ViewList, caller, query_text
from scoring.api.v1.shapes import decision_body, detail_body
from scoring.choices import Outcome

Codes = dict[str, str]
Query = Mapping[str, tuple[Parameter, ...]]
_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    required=True,
    description="1 to 128 visible ASCII characters; the same key and call is one decision and one answer",
)
_APPLICATION = {
    "application": "A-2026-000017",
    "customer": "C-55012",
    "model": "german",
    "inputs": {"age.in.years": 35, "credit.amount": 4200, "duration.in.month": 24},
    "request": {"amount_minor": 420000, "term_months": 24},
}
_ONE = OpenApiExample("one application", _APPLICATION, request_only=True)
_MANY = OpenApiExample("several", {"applications": [_APPLICATION]}, request_only=True)
_REPLAYED = "The same key and body again: the same answer, with `Idempotency-Replayed: true`."


class _HotPost(ApiView):
    """Routes `POST` around DRF: documented here, answered by `hot_post`."""

    hot_post: Callable[[HttpRequest], HttpResponse]

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        slow = super().as_view(**initkwargs)

        def route(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method == "POST":
                return cls.hot_post(request)
            return slow(request, *args, **kwargs)

        route.cls, route.initkwargs, route.view_class = cls, initkwargs, cls  # type: ignore[attr-defined]
        return csrf_exempt(route)


class DecisionList(_HotPost, ViewList):
    """Decisions, newest first. Filter by `outcome`, `model` (code) or the bank's own `application` reference."""

    permission_codes: ClassVar[Codes] = {
        "GET": permissions.DECISION_VIEW,
        "POST": permissions.DECIDE,
    }
    query_parameters: ClassVar[Query] = {
        "GET": (
            Parameter("outcome", choices=tuple(Outcome.values)),
            Parameter("model", "code of the model"),
            Parameter("application", "the bank's own reference, whole"),
        )
    }
    serializer_class = shapes.DecisionSerializer
    hot_post = staticmethod(hot.decide_one)

    def get_queryset(self):  # type: ignore[no-untyped-def]
        return selectors.decision_rows(
            outcome=query_text(self.request, "outcome"),
            model=query_text(self.request, "model"),
            reference=query_text(self.request, "application"),
        )

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.get_queryset())
        bodies = [decision_body(selectors.as_view(row)) for row in page or ()]
        return self.get_paginated_response(bodies)

    @extend_schema(
        parameters=[_KEY],
        request=shapes.ApplicationSerializer,
        examples=[_ONE],
        responses={201: shapes.DecisionSerializer},
        description=f"Decide one application. {_REPLAYED}",
    )
    def post(self, request: Request) -> HttpResponse:
        return hot.decide_one(request._request)


class DecisionBatch(_HotPost):
    permission_codes: ClassVar[Codes] = {"POST": permissions.DECIDE}
    hot_post = staticmethod(hot.decide_many)

    @extend_schema(
        parameters=[_KEY],
        request=shapes.ApplicationsSerializer,
        examples=[_MANY],
        responses={201: shapes.DecisionsSerializer},
        description=f"Decide up to 1,000 applications: all or none. {_REPLAYED}",
    )
    def post(self, request: Request) -> HttpResponse:
        return hot.decide_many(request._request)


class DecisionDetail(ApiView):
    """One decision with its trace. `include=inputs` adds what the person sent, which is written down as a read."""

    permission_codes: ClassVar[Codes] = {"GET": permissions.DECISION_VIEW}
    query_parameters: ClassVar[Query] = {
        "GET": (Parameter("include", "`inputs`: what was sent", choices=("inputs",)),)
    }

    @extend_schema(responses=shapes.DecisionDetailSerializer)
    def get(self, request: Request, decision_id: str) -> Response:
        view = selectors.get_decision(str(decision_id))
        inputs = None
        if query_text(request, "include") == "inputs":
            inputs = services.reveal_inputs(
                decision_id=view.id, actor=caller(request), purpose="api"
            )
        return Response(detail_body(view, inputs))


class DecisionReplay(ApiView):
    """Decide again on the stored inputs with the stored versions; 410 when the person was erased."""

    permission_codes: ClassVar[Codes] = {"GET": permissions.DECISION_VIEW}

    @extend_schema(responses=shapes.ReplaySerializer)
    def get(self, request: Request, decision_id: str) -> Response:
        replay = services.replay_decision(decision_id=str(decision_id), actor=caller(request))
        return Response(shapes.ReplaySerializer(replay).data)
