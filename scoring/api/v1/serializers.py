"""Shapes of scoring in the API; the rules stand in the services."""

from typing import Any

from rest_framework import serializers

from core.entries import Entry
from jobs.api.v1.serializers import JobSerializer
from scoring.choices import (
    DecisionKind,
    Family,
    ModelKind,
    Outcome,
    PolicySource,
    PolicyStage,
    Purpose,
    Slot,
    Stage,
)


class Shape(serializers.Serializer[Any]):
    """A view as JSON; nothing is written through it."""


class NewModelSerializer(Entry):
    code = serializers.CharField(max_length=60)
    name = serializers.CharField(max_length=120)
    purpose = serializers.ChoiceField(choices=Purpose.choices, default=Purpose.RISK)
    family = serializers.ChoiceField(choices=Family.choices, default=Family.APPLICATION)
    product = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)


class ModelSerializer(Shape):
    id = serializers.UUIDField()
    code = serializers.CharField()
    name = serializers.CharField()
    purpose = serializers.ChoiceField(choices=Purpose.choices)
    family = serializers.ChoiceField(choices=Family.choices)
    product = serializers.CharField()
    versions = serializers.IntegerField()
    champion_number = serializers.IntegerField(allow_null=True)
    champion_id = serializers.UUIDField(allow_null=True)
    created_by = serializers.CharField()
    created_at = serializers.DateTimeField()


class NewRunSerializer(Entry):
    """`spec` may hold features, exclude, target, time_column, calibration, split, scale, scorecard, boosting."""

    model = serializers.UUIDField()
    load = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=ModelKind.choices)
    spec = serializers.DictField(required=False, default=dict)
    seed = serializers.IntegerField(required=False, default=42, min_value=0, max_value=2**31 - 1)


class RunSerializer(Shape):
    id = serializers.UUIDField()
    model_id = serializers.UUIDField()
    model_code = serializers.CharField()
    kind = serializers.ChoiceField(choices=ModelKind.choices)
    load_id = serializers.UUIDField()
    dataset = serializers.CharField()
    seed = serializers.IntegerField()
    spec = serializers.JSONField()
    job = JobSerializer()
    version_id = serializers.UUIDField(allow_null=True)
    version_number = serializers.IntegerField(allow_null=True)
    created_by = serializers.CharField()
    created_at = serializers.DateTimeField()


class MeasureSerializer(Shape):
    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class VersionSerializer(Shape):
    id = serializers.UUIDField()
    model_id = serializers.UUIDField()
    model_code = serializers.CharField()
    number = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=ModelKind.choices)
    stage = serializers.ChoiceField(choices=Stage.choices)
    auc = MeasureSerializer()
    gini = MeasureSerializer()
    ks = MeasureSerializer()
    sha256 = serializers.CharField()
    slots = serializers.ListField(child=serializers.ChoiceField(choices=Slot.choices))
    trained_by = serializers.CharField()
    submitted_by = serializers.CharField()
    submitted_at = serializers.DateTimeField(allow_null=True)
    approved_by = serializers.CharField()
    approved_at = serializers.DateTimeField(allow_null=True)
    review_note = serializers.CharField()
    created_at = serializers.DateTimeField()


class ReportSerializer(Shape):
    row = VersionSerializer()
    report = serializers.JSONField()
    spec = serializers.JSONField()
    inputs = serializers.JSONField()
    run_id = serializers.UUIDField(allow_null=True)
    load_id = serializers.UUIDField(allow_null=True)
    dataset = serializers.CharField()


class LiveSerializer(Shape):
    model_id = serializers.UUIDField()
    model_code = serializers.CharField()
    slot = serializers.ChoiceField(choices=Slot.choices)
    version_id = serializers.UUIDField()
    number = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=ModelKind.choices)
    sha256 = serializers.CharField()
    valid_from = serializers.DateTimeField()
    valid_to = serializers.DateTimeField(allow_null=True)


class PolicyRowSerializer(Shape):
    id = serializers.UUIDField()
    model_id = serializers.UUIDField()
    model_code = serializers.CharField()
    number = serializers.IntegerField()
    stage = serializers.ChoiceField(choices=PolicyStage.choices)
    source = serializers.ChoiceField(choices=PolicySource.choices)  # type: ignore[assignment]
    sha256 = serializers.CharField()
    live = serializers.BooleanField()
    note = serializers.CharField()
    authored_by = serializers.CharField()
    submitted_by = serializers.CharField()
    submitted_at = serializers.DateTimeField(allow_null=True)
    approved_by = serializers.CharField()
    approved_at = serializers.DateTimeField(allow_null=True)
    review_note = serializers.CharField()
    created_at = serializers.DateTimeField()


class PolicySerializer(Shape):
    row = PolicyRowSerializer()
    document = serializers.JSONField()
    form = serializers.JSONField()
    reasons = serializers.JSONField()
    catalogue_number = serializers.IntegerField()
    catalogue_sha256 = serializers.CharField()


class PolicyDraftSerializer(Entry):
    """Either `form` or `document` (JDM); `reasons` are words for codes: {code: {feature, en, zh}}."""

    form = serializers.JSONField(required=False)
    document = serializers.JSONField(required=False)
    reasons = serializers.JSONField(required=False)
    note = serializers.CharField(required=False, allow_blank=True)


class CheckedPolicySerializer(Shape):
    sha256 = serializers.CharField()
    inputs = serializers.ListField(child=serializers.CharField())
    codes = serializers.ListField(child=serializers.CharField())
    form = serializers.JSONField()


class WishSerializer(Shape):
    amount_minor = serializers.IntegerField(required=False, allow_null=True, min_value=1)
    term_months = serializers.IntegerField(required=False, allow_null=True, min_value=1)


class ApplicationSerializer(Shape):
    application = serializers.CharField(max_length=100)
    customer = serializers.CharField(max_length=100, required=False)
    model = serializers.CharField(max_length=60, required=False)
    kind = serializers.ChoiceField(choices=DecisionKind.choices, required=False)
    inputs = serializers.DictField(
        child=serializers.JSONField(), help_text="number, text, true, false or null by name"
    )
    request = WishSerializer(required=False)


class ApplicationsSerializer(Shape):
    applications = ApplicationSerializer(many=True)


class OfferSerializer(Shape):
    amount_minor = serializers.IntegerField()
    limit_minor = serializers.IntegerField()
    currency = serializers.CharField()
    term_months = serializers.IntegerField()
    nominal_rate = serializers.CharField()
    apr = serializers.CharField(help_text="all-in, an annual fraction")
    apr_percent = serializers.CharField()
    apr_method = serializers.CharField()
    instalment_minor = serializers.IntegerField()
    last_instalment_minor = serializers.IntegerField()
    total_paid_minor = serializers.IntegerField()
    method = serializers.CharField()
    schedule_hash = serializers.CharField()


class ReasonSerializer(Shape):
    code = serializers.CharField()
    en = serializers.CharField()
    zh = serializers.CharField()


class DecidingModelSerializer(Shape):
    code = serializers.CharField()
    version = serializers.IntegerField()
    version_id = serializers.UUIDField()
    sha256 = serializers.CharField()
    slot = serializers.ChoiceField(choices=Slot.choices)


class DecidingPolicySerializer(Shape):
    version = serializers.IntegerField()
    version_id = serializers.UUIDField()
    sha256 = serializers.CharField()


class HashesSerializer(Shape):
    input = serializers.CharField()
    output = serializers.CharField()


class DecisionSerializer(Shape):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=DecisionKind.choices)
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    score = serializers.IntegerField()
    pd = serializers.FloatField()
    grade = serializers.CharField()
    offer = OfferSerializer(allow_null=True)
    reasons = ReasonSerializer(many=True)
    codes = serializers.ListField(child=serializers.CharField())
    model = DecidingModelSerializer()
    policy = DecidingPolicySerializer()
    hashes = HashesSerializer()
    decided_at = serializers.DateTimeField()


class DecisionsSerializer(Shape):
    decisions = DecisionSerializer(many=True)


class SubjectSerializer(Shape):
    erased = serializers.BooleanField()
    application = serializers.CharField()
    customer = serializers.CharField()
    inputs = serializers.JSONField()
    request = serializers.JSONField()


class DecisionDetailSerializer(DecisionSerializer):
    hits = serializers.JSONField()
    trace = serializers.JSONField()
    watched = serializers.JSONField()
    engine = serializers.JSONField()
    client = serializers.CharField()
    latency_us = serializers.IntegerField()
    subject = SubjectSerializer(required=False)


class ReplaySerializer(Shape):
    decision_id = serializers.UUIDField()
    identical = serializers.BooleanField()
    inputs_intact = serializers.BooleanField()
    score_same = serializers.BooleanField()
    pd_same = serializers.BooleanField()
    answer_same = serializers.BooleanField()
    engine_same = serializers.BooleanField()
    output_hash = serializers.CharField()
    replayed_output_hash = serializers.CharField()


class NewBatchSerializer(Entry):
    load = serializers.UUIDField()
    model = serializers.UUIDField(required=False, allow_null=True, default=None)
    version = serializers.UUIDField(required=False, allow_null=True, default=None)


class BatchSerializer(Shape):
    id = serializers.UUIDField()
    model_id = serializers.UUIDField()
    model_code = serializers.CharField()
    version_id = serializers.UUIDField()
    version_number = serializers.IntegerField()
    policy_version_id = serializers.UUIDField()
    policy_number = serializers.IntegerField()
    load_id = serializers.UUIDField()
    dataset = serializers.CharField()
    rows = serializers.IntegerField()
    rows_done = serializers.IntegerField()
    chunks_done = serializers.IntegerField()
    counts = serializers.JSONField()
    finished = serializers.BooleanField()
    job = JobSerializer()
    created_by = serializers.CharField()
    created_at = serializers.DateTimeField()
