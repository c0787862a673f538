"""`/api/v1/compliance`: ask for an erasure, propose a hold, read retention and purge reports. People decide."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import acting_client
from compliance import permissions, selectors, services
from compliance.api.v1 import serializers as shapes
from compliance.choices import ErasureState, HoldState, PurgeMode
from core.api.query import Parameter
from core.api.views import ApiList, ApiView

Codes = dict[str, str]
Query = Mapping[str, tuple[Parameter, ...]]


def _text(request: Request, name: str) -> str:
    return str(request.query_params.get(name, "")).replace("\x00", "")[:200]


class _Views(ApiList[Any]):
    """`as_view_row` turns a row into the frozen view the serializer shows."""

    as_view_row: Callable[[Any], Any]

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.get_queryset())
        views = [type(self).as_view_row(row) for row in page or ()]
        return self.get_paginated_response(self.get_serializer(views, many=True).data)


class ErasureList(_Views):
    """Erasures, newest first, without the people; a `POST` asks for one, which a second person approves."""

    permission_codes: ClassVar[Codes] = {"GET": permissions.VIEW, "POST": permissions.ERASE}
    query_parameters: ClassVar[Query] = {
        "GET": (Parameter("state", choices=tuple(ErasureState.values)),)
    }
    serializer_class = shapes.ErasureSerializer
    as_view_row = staticmethod(selectors.as_erasure)

    def get_queryset(self):  # type: ignore[no-untyped-def]
        return selectors.erasure_rows(state=_text(self.request, "state"))

    @extend_schema(request=shapes.NewErasureSerializer, responses={201: shapes.ErasureSerializer})
    def post(self, request: Request) -> Response:
        body = shapes.NewErasureSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        row = services.request_erasure(actor=acting_client(request), **body.validated_data)
        view = selectors.get_erasure(str(row.pk))
        return Response(shapes.ErasureSerializer(view).data, status=201)


class ErasureDetail(ApiView):
    """One erasure with its certificate."""

    permission_codes: ClassVar[Codes] = {"GET": permissions.VIEW}

    @extend_schema(responses=shapes.ErasureSerializer)
    def get(self, request: Request, erasure_id: str) -> Response:
        view = selectors.get_erasure(str(erasure_id))
        return Response(shapes.ErasureSerializer(view).data)


class HoldList(_Views):
    """Legal holds, newest first; a `POST` proposes one, which holds at once and is confirmed by a person."""

    permission_codes: ClassVar[Codes] = {"GET": permissions.VIEW, "POST": permissions.HOLD}
    query_parameters: ClassVar[Query] = {
        "GET": (Parameter("state", choices=tuple(HoldState.values)),)
    }
    serializer_class = shapes.HoldSerializer
    as_view_row = staticmethod(selectors.as_hold)

    def get_queryset(self):  # type: ignore[no-untyped-def]
        return selectors.hold_rows(state=_text(self.request, "state"))

    @extend_schema(request=shapes.NewHoldSerializer, responses={201: shapes.HoldSerializer})
    def post(self, request: Request) -> Response:
        body = shapes.NewHoldSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        row = services.propose_hold(actor=acting_client(request), **body.validated_data)
        view = selectors.get_hold(str(row.pk))
        return Response(shapes.HoldSerializer(view).data, status=201)


class HoldDetail(ApiView):
    permission_codes: ClassVar[Codes] = {"GET": permissions.VIEW}

    @extend_schema(responses=shapes.HoldSerializer)
    def get(self, request: Request, hold_id: str) -> Response:
        return Response(shapes.HoldSerializer(selectors.get_hold(str(hold_id))).data)


class PurgeList(_Views):
    """Purges and reports of what one would do, newest first."""

    permission_codes: ClassVar[Codes] = {"GET": permissions.VIEW}
    query_parameters: ClassVar[Query] = {
        "GET": (Parameter("mode", choices=tuple(PurgeMode.values)),)
    }
    serializer_class = shapes.PurgeSerializer
    as_view_row = staticmethod(selectors.as_purge)

    def get_queryset(self):  # type: ignore[no-untyped-def]
        return selectors.purge_rows(mode=_text(self.request, "mode"))


class PurgeDetail(ApiView):
    permission_codes: ClassVar[Codes] = {"GET": permissions.VIEW}

    @extend_schema(responses=shapes.PurgeSerializer)
    def get(self, request: Request, purge_id: str) -> Response:
        return Response(shapes.PurgeSerializer(selectors.get_purge(str(purge_id))).data)


class Retention(ApiView):
    """How long each kind of record is kept here, with the least the jurisdiction asks for."""

    permission_codes: ClassVar[Codes] = {"GET": permissions.VIEW}

    @extend_schema(responses=shapes.KindSerializer(many=True))
    def get(self, request: Request) -> Response:
        return Response(shapes.KindSerializer(selectors.kind_views(), many=True).data)
