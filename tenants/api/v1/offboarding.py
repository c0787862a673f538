"""`/api/v1/offboardings` on the ops host: ask for the end of a bank, look, call off, take export and certificate.

A machine cannot approve: that is a person's, in the ops console or by `manage.py offboard_bank approve`.
"""

from typing import Any, ClassVar

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import acting_client
from core.api.views import ApiList, ApiView
from core.entries import Entry
from core.errors import Conflict, NotFound
from tenants import services
from tenants.choices import OffboardingState
from tenants.models import Offboarding


class OffboardingSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    bank = serializers.CharField(source="slug")
    name = serializers.CharField(source="bank_name")
    state = serializers.ChoiceField(choices=OffboardingState.choices)
    reason = serializers.CharField()
    waiting_days = serializers.IntegerField()
    requested_by = serializers.CharField(source="requested_by_label")
    approved_by = serializers.CharField(source="approved_by_label")
    approved_at = serializers.DateTimeField(allow_null=True)
    content_sha256 = serializers.CharField(source="export.content_sha256", default="")
    drop_after = serializers.DateTimeField(allow_null=True)
    cancelled_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class RequestSerializer(Entry):
    bank = serializers.CharField(max_length=30, help_text="the bank's short name")
    reason = serializers.CharField(max_length=500)
    recipient_key = serializers.CharField(
        max_length=1000, help_text="X25519 public key: PEM, or base64 of its 32 bytes"
    )


class CancelSerializer(Entry):
    reason = serializers.CharField(max_length=500)


class CertificateSerializer(serializers.Serializer[Any]):
    certificate = serializers.JSONField()
    signature = serializers.CharField(help_text="Ed25519 over the canonical JSON, base64")


def _found(offboarding_id: str) -> Offboarding:
    row = Offboarding.objects.select_related("export").filter(pk=offboarding_id).first()
    if row is None:
        raise NotFound("No such off-boarding.")
    return row


class OffboardingList(ApiList[Offboarding]):
    permission_codes: ClassVar[dict[str, str]] = {
        "GET": "tenants.bank.view",
        "POST": "tenants.bank.offboard",
    }
    serializer_class = OffboardingSerializer
    queryset = Offboarding.objects.select_related("export").order_by("-id")

    @extend_schema(request=RequestSerializer, responses={201: OffboardingSerializer})
    def post(self, request: Request) -> Response:
        body = RequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        row = services.request_offboarding(
            slug=given["bank"],
            reason=given["reason"],
            recipient_key=given["recipient_key"],
            actor=acting_client(request),
        )
        return Response(OffboardingSerializer(row).data, status=201)


class OffboardingDetail(ApiView):
    permission_codes: ClassVar[dict[str, str]] = {"GET": "tenants.bank.view"}

    @extend_schema(responses=OffboardingSerializer)
    def get(self, request: Request, offboarding_id: str) -> Response:
        return Response(OffboardingSerializer(_found(str(offboarding_id))).data)


class OffboardingCancel(ApiView):
    permission_codes: ClassVar[dict[str, str]] = {"POST": "tenants.bank.offboard"}

    @extend_schema(request=CancelSerializer, responses=OffboardingSerializer)
    def post(self, request: Request, offboarding_id: str) -> Response:
        body = CancelSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        row = services.cancel_offboarding(
            offboarding_id=str(offboarding_id),
            reason=body.validated_data["reason"],
            actor=acting_client(request),
        )
        return Response(OffboardingSerializer(row).data)


class OffboardingCertificate(ApiView):
    permission_codes: ClassVar[dict[str, str]] = {"GET": "tenants.bank.view"}

    @extend_schema(responses=CertificateSerializer)
    def get(self, request: Request, offboarding_id: str) -> Response:
        row = _found(str(offboarding_id))
        if row.certificate is None:
            raise Conflict("The bank is not closed.", code="not_closed")
        return Response({"certificate": row.certificate, "signature": row.certificate_signature})


class OffboardingExport(ApiView):
    permission_codes: ClassVar[dict[str, str]] = {"GET": "tenants.bank.offboard"}

    @extend_schema(
        responses={(200, "application/x-tar"): OpenApiResponse(OpenApiTypes.BINARY, "the export")}
    )
    def get(self, request: Request, offboarding_id: str) -> StreamingHttpResponse:
        row = _found(str(offboarding_id))
        if row.export is None:
            raise Conflict("There is no export yet.", code="export_not_finished")
        pieces = services.export_tar(export=row.export, actor=acting_client(request))
        answer = StreamingHttpResponse(pieces, content_type="application/x-tar")
        answer["Content-Disposition"] = f'attachment; filename="{row.export.folder}.tar"'
        return answer
