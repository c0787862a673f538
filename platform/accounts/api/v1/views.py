"""`/api/v1/clients`: API clients, their secrets and their end."""

from datetime import timedelta
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.api.v1 import serializers as shapes
from accounts.authentication import acting_client
from accounts.models import ApiClient
from core.api.views import ApiList, ApiView
from core.errors import NotFound

Codes = dict[str, str]
_VIEW, _CHANGE = "accounts.client.view", "accounts.client.change"


def _found(client_id: str) -> ApiClient:
    client = ApiClient.objects.prefetch_related("secrets").filter(client_id=client_id).first()
    if client is None:
        raise NotFound("No such client.")
    found: ApiClient = client
    return found


def _entry(request: Request) -> shapes.ClientEntry:
    entry = shapes.ClientEntry(data=request.data)
    entry.is_valid(raise_exception=True)
    return entry


class ClientList(ApiList[ApiClient]):
    """API clients, newest first."""

    permission_codes: ClassVar[Codes] = {"GET": _VIEW, "POST": _CHANGE}
    serializer_class = shapes.ClientSerializer

    def get_queryset(self):  # type: ignore[no-untyped-def]
        return ApiClient.objects.prefetch_related("secrets")

    @extend_schema(request=shapes.ClientEntry, responses={201: shapes.NewClientSerializer})
    def post(self, request: Request) -> Response:
        entry = _entry(request)
        client, secret = services.create_client(
            name=entry.validated_data["name"],
            scopes=entry.validated_data["scopes"],
            rules=entry.rules(),
            actor=acting_client(request),
        )
        body: dict[str, Any] = dict(shapes.ClientSerializer(_found(client.client_id)).data)
        return Response({**body, "client_secret": secret}, status=201)


class ClientDetail(ApiView):
    permission_codes: ClassVar[Codes] = {"GET": _VIEW, "PUT": _CHANGE}

    @extend_schema(responses=shapes.ClientSerializer)
    def get(self, request: Request, client_id: str) -> Response:
        return Response(shapes.ClientSerializer(_found(client_id)).data)

    @extend_schema(request=shapes.ClientEntry, responses=shapes.ClientSerializer)
    def put(self, request: Request, client_id: str) -> Response:
        entry = _entry(request)
        services.change_client(
            client_id=client_id,
            name=entry.validated_data["name"],
            scopes=entry.validated_data["scopes"],
            rules=entry.rules(),
            actor=acting_client(request),
        )
        return Response(shapes.ClientSerializer(_found(client_id)).data)


class SecretList(ApiView):
    """A new secret; the one before may work on for some hours."""

    permission_codes: ClassVar[Codes] = {"POST": _CHANGE}

    @extend_schema(request=shapes.RotationEntry, responses={201: shapes.NewSecretSerializer})
    def post(self, request: Request, client_id: str) -> Response:
        entry = shapes.RotationEntry(data=request.data)
        entry.is_valid(raise_exception=True)
        secret = services.rotate_secret(
            client_id=client_id,
            overlap=timedelta(hours=entry.validated_data["overlap_hours"]),
            actor=acting_client(request),
        )
        return Response({"client_id": client_id, "client_secret": secret}, status=201)


class SecretEnd(ApiView):
    permission_codes: ClassVar[Codes] = {"POST": _CHANGE}

    @extend_schema(request=None, responses=shapes.ClientSerializer)
    def post(self, request: Request, client_id: str, secret_id: str) -> Response:
        services.end_secret(
            client_id=client_id, secret_id=str(secret_id), actor=acting_client(request)
        )
        return Response(shapes.ClientSerializer(_found(client_id)).data)


class ClientRevoke(ApiView):
    """The end of a client: it and its tokens stop working."""

    permission_codes: ClassVar[Codes] = {"POST": _CHANGE}

    @extend_schema(request=None, responses=shapes.ClientSerializer)
    def post(self, request: Request, client_id: str) -> Response:
        services.revoke_client(client_id=client_id, actor=acting_client(request))
        return Response(shapes.ClientSerializer(_found(client_id)).data)
