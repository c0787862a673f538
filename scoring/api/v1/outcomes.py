"""`/api/v1/scoring/outcomes`: what became of applications, and how a model's predictions held."""

from dataclasses import asdict
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.views import ApiView
from scoring import permissions, selectors, services
from scoring.api.v1.lists import caller

Codes = dict[str, str]


class OutcomeInSerializer(serializers.Serializer[Any]):
    application = serializers.CharField(max_length=100)
    as_of = serializers.DateField()
    days_past_due = serializers.IntegerField()
    balance_minor = serializers.IntegerField(required=False, allow_null=True, default=None)
    in_default = serializers.BooleanField(required=False, default=False)
    closed = serializers.BooleanField(required=False, default=False)
    known_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class OutcomesInSerializer(serializers.Serializer[Any]):
    outcomes = OutcomeInSerializer(many=True)


class UnmatchedSerializer(serializers.Serializer[Any]):
    place = serializers.IntegerField(help_text="Counts the outcomes sent from 0")
    reason = serializers.CharField()


class TakenSerializer(serializers.Serializer[Any]):
    stored = serializers.IntegerField()
    repeated = serializers.IntegerField()
    unmatched = UnmatchedSerializer(many=True)


class OutcomeSerializer(serializers.Serializer[Any]):
    as_of = serializers.DateField()
    days_past_due = serializers.IntegerField()
    balance_minor = serializers.IntegerField(allow_null=True)
    in_default = serializers.BooleanField()
    closed = serializers.BooleanField()
    known_at = serializers.DateTimeField()
    origin = serializers.CharField(source="source")
    told_by = serializers.CharField()
    current = serializers.BooleanField()


class DefinitionSerializer(serializers.Serializer[Any]):
    days_past_due = serializers.IntegerField()
    months = serializers.IntegerField()
    use_flag = serializers.BooleanField()


class GradeSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    count = serializers.IntegerField()
    bads = serializers.IntegerField()
    predicted = serializers.FloatField()
    observed = serializers.FloatField(source="observed.value")
    low = serializers.FloatField(source="observed.low")
    high = serializers.FloatField(source="observed.high")
    binomial_p = serializers.FloatField()
    jeffreys_p = serializers.FloatField()


class VintageSerializer(serializers.Serializer[Any]):
    month = serializers.CharField()
    cases = serializers.IntegerField()
    rates = serializers.ListField(child=serializers.FloatField(allow_null=True))
    counts = serializers.ListField(child=serializers.IntegerField())


class PerformanceSerializer(serializers.Serializer[Any]):
    model_id = serializers.UUIDField()
    model = serializers.CharField()
    definition = DefinitionSerializer()
    cases = serializers.IntegerField()
    matured = serializers.IntegerField()
    bads = serializers.IntegerField()
    open = serializers.IntegerField()
    grades = GradeSerializer(many=True)
    vintages = VintageSerializer(many=True)
    hosmer_lemeshow = serializers.FloatField()
    hosmer_lemeshow_p = serializers.FloatField()
    as_of = serializers.DateTimeField()


class OutcomeIntake(ApiView):
    """Up to 1,000 reports: all valid or none; those of unknown applications are named and not stored."""

    permission_codes: ClassVar[Codes] = {"POST": permissions.OUTCOME}

    @extend_schema(request=OutcomesInSerializer, responses={200: TakenSerializer})
    def post(self, request: Request) -> Response:
        body = OutcomesInSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = [services.OutcomeIn(**one) for one in body.validated_data["outcomes"]]
        taken = services.report_outcomes(outcomes=given, actor=caller(request))
        return Response(TakenSerializer(asdict(taken)).data)


class DecisionOutcomes(ApiView):
    """All that was ever said of a decided case, with what is current."""

    permission_codes: ClassVar[Codes] = {"GET": permissions.DECISION_VIEW}

    @extend_schema(responses=OutcomeSerializer(many=True))
    def get(self, request: Request, decision_id: str) -> Response:
        views = selectors.outcomes_of_decision(str(decision_id))
        return Response(OutcomeSerializer(views, many=True).data)


class ModelPerformance(ApiView):
    """Predictions against what happened: by grade with tests, and by month of decision."""

    permission_codes: ClassVar[Codes] = {"GET": permissions.VIEW}

    @extend_schema(responses=PerformanceSerializer)
    def get(self, request: Request, model_id: str) -> Response:
        return Response(PerformanceSerializer(selectors.performance_of(str(model_id))).data)
