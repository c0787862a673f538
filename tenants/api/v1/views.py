"""`/api/v1/banks` on the ops host: onboard, look at, suspend, change the plan of banks."""

from collections.abc import Mapping
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import acting_client
from core.api.views import ApiList, ApiView
from core.entries import Entry
from core.errors import InvalidInput, NotFound
from core.pagination import BY_TIME
from jobs.api.v1.serializers import JobSerializer
from tenants import services
from tenants.choices import BankState
from tenants.models import Bank
from tenants.spec import parse_spec


class BankSerializer(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name = serializers.CharField()
    state = serializers.ChoiceField(choices=BankState.choices)
    plan = serializers.CharField(source="plan.code")
    modules = serializers.ListField(source="plan.modules", child=serializers.CharField())
    jurisdiction = serializers.CharField()
    currency = serializers.CharField()
    time_zone = serializers.CharField()
    language = serializers.CharField()
    created_at = serializers.DateTimeField()


class AdministratorSerializer(serializers.Serializer[Any]):
    email = serializers.EmailField()
    name = serializers.CharField(required=False)


class FirstClientSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())


class OnboardSerializer(serializers.Serializer[Any]):
    """Documents the body; `tenants.spec.parse_spec` checks it."""

    slug = serializers.CharField()
    name = serializers.CharField()
    plan = serializers.CharField()
    jurisdiction = serializers.CharField(required=False)
    currency = serializers.CharField(required=False)
    time_zone = serializers.CharField(required=False)
    language = serializers.CharField(required=False)
    hosts = serializers.ListField(child=serializers.CharField(), required=False)
    administrator = AdministratorSerializer()
    client = FirstClientSerializer(required=False)


class OnboardedSerializer(serializers.Serializer[Any]):
    bank = BankSerializer()
    job = JobSerializer()


class StateSerializer(Entry):
    state = serializers.ChoiceField(choices=BankState.choices)
    reason = serializers.CharField()


class PlanSerializer(Entry):
    plan = serializers.CharField()


class BankList(ApiList[Bank]):
    permission_codes: ClassVar[dict[str, str]] = {
        "GET": "tenants.bank.view",
        "POST": "tenants.bank.change",
    }
    sort_fields: ClassVar[Mapping[str, str]] = {**BY_TIME, "slug": "slug", "name": "name"}
    serializer_class = BankSerializer
    queryset = Bank.objects.select_related("plan").order_by("-id")

    @extend_schema(request=OnboardSerializer, responses={202: OnboardedSerializer})
    def post(self, request: Request) -> Response:
        if not isinstance(request.data, dict):
            raise InvalidInput("The body must be an object.")
        bank, job = services.request_onboarding(
            spec=parse_spec(request.data),
            actor=acting_client(request),
            base_url=request.build_absolute_uri("/"),
        )
        body = {"bank": BankSerializer(bank).data, "job": JobSerializer(job).data}
        return Response(body, status=202, headers={"Location": f"/api/v1/jobs/{job.id}"})


class BankDetail(ApiView):
    permission_codes: ClassVar[dict[str, str]] = {"GET": "tenants.bank.view"}

    @extend_schema(responses=BankSerializer)
    def get(self, request: Request, slug: str) -> Response:
        bank = Bank.objects.select_related("plan").filter(slug=slug).first()
        if bank is None:
            raise NotFound("No such bank.")
        return Response(BankSerializer(bank).data)


class BankStateView(ApiView):
    permission_codes: ClassVar[dict[str, str]] = {"POST": "tenants.bank.change"}

    @extend_schema(request=StateSerializer, responses=BankSerializer)
    def post(self, request: Request, slug: str) -> Response:
        body = StateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        bank = services.change_state(slug=slug, actor=acting_client(request), **body.validated_data)
        return Response(BankSerializer(bank).data)


class BankPlanView(ApiView):
    permission_codes: ClassVar[dict[str, str]] = {"POST": "tenants.bank.change"}

    @extend_schema(request=PlanSerializer, responses=BankSerializer)
    def post(self, request: Request, slug: str) -> Response:
        body = PlanSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        bank = services.change_plan(slug=slug, actor=acting_client(request), **body.validated_data)
        return Response(BankSerializer(bank).data)
