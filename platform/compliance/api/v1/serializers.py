"""Shapes of compliance in the API."""

from rest_framework import serializers

from compliance.choices import HoldScope, PurgeMode
from core.api.fields import JSONObjectField


class IdentitySerializer(serializers.Serializer):  # type: ignore[type-arg]
    column = serializers.CharField(max_length=200)
    value = serializers.CharField(max_length=500)


class NewErasureSerializer(serializers.Serializer):  # type: ignore[type-arg]
    customer = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    application = serializers.CharField(
        max_length=100, required=False, allow_blank=True, default=""
    )
    identities = IdentitySerializer(many=True, required=False, default=list)
    reason = serializers.CharField(max_length=1000)
    confirm = serializers.CharField(
        max_length=100, help_text="The customer's, else the application's reference, repeated"
    )


class ErasureSerializer(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.UUIDField()
    state = serializers.CharField()
    reason = serializers.CharField()
    requested_by = serializers.CharField()
    approved_by = serializers.CharField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    certificate = JSONObjectField(allow_null=True)
    certificate_sha256 = serializers.CharField()
    note = serializers.CharField()


class NewHoldSerializer(serializers.Serializer):  # type: ignore[type-arg]
    scope = serializers.ChoiceField(choices=HoldScope.values)
    customer = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    application = serializers.CharField(
        max_length=100, required=False, allow_blank=True, default=""
    )
    target = serializers.CharField(
        max_length=100,
        required=False,
        allow_blank=True,
        default="",
        help_text="A dataset's id or a kind's code",
    )
    reason = serializers.CharField(max_length=1000)


class HoldSerializer(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.UUIDField()
    scope = serializers.CharField()
    target = serializers.CharField()
    reason = serializers.CharField()
    state = serializers.CharField()
    proposed_by = serializers.CharField()
    approved_by = serializers.CharField()
    lifting_by = serializers.CharField()
    lifting_reason = serializers.CharField()
    lifted_by = serializers.CharField()
    created_at = serializers.DateTimeField()
    lifted_at = serializers.DateTimeField(allow_null=True)


class PurgeSerializer(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.UUIDField()
    mode = serializers.ChoiceField(choices=PurgeMode.values)
    report = JSONObjectField(allow_null=True)
    started_by = serializers.CharField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class KindSerializer(serializers.Serializer):  # type: ignore[type-arg]
    code = serializers.CharField()
    name = serializers.CharField(source="label")
    days = serializers.IntegerField()
    default_days = serializers.IntegerField(source="default")
    minimum = serializers.IntegerField()
    because_of = serializers.CharField(source="source")
