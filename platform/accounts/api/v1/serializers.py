"""Shapes of API clients. A secret appears once, in the answer that made it."""

from typing import Any

from rest_framework import serializers

from accounts.choices import ClientMethod
from accounts.services import ClientRules
from core.api.fields import JSONObjectField
from core.entries import Entry


class ClientEntry(Entry):
    """A client as a caller describes it; PUT replaces all of it."""

    name = serializers.CharField(max_length=200)
    scopes = serializers.ListField(child=serializers.CharField(max_length=60), max_length=100)
    method = serializers.ChoiceField(choices=ClientMethod.choices, default=ClientMethod.SECRET)
    jwks = JSONObjectField(required=False, allow_null=True, default=None)
    jwks_uri = serializers.CharField(required=False, allow_blank=True, max_length=500, default="")
    networks = serializers.ListField(
        child=serializers.CharField(max_length=50), max_length=100, required=False, default=list,
        help_text="CIDRs it may call from; empty means anywhere",
    )  # fmt: skip
    token_seconds = serializers.IntegerField(default=3600)
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)

    def validate_jwks(self, value: Any) -> Any:
        if value is not None and not isinstance(value, dict):
            raise serializers.ValidationError("A key set is an object with a list of keys.")
        return value

    def rules(self) -> ClientRules:
        data = self.validated_data
        return ClientRules(
            method=data["method"],
            jwks=data["jwks"],
            jwks_uri=data["jwks_uri"],
            networks=data["networks"],
            token_seconds=data["token_seconds"],
            expires_at=data["expires_at"],
        )


class RotationEntry(Entry):
    overlap_hours = serializers.IntegerField(
        default=0, min_value=0, max_value=720, help_text="how long the secret before works on"
    )


class SecretSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    hint = serializers.CharField(help_text="its first characters")
    created_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)


class ClientSerializer(serializers.Serializer[Any]):
    client_id = serializers.CharField()
    name = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField(), source="allowed_scopes")
    method = serializers.ChoiceField(choices=ClientMethod.choices)
    jwks = JSONObjectField(allow_null=True)
    jwks_uri = serializers.CharField()
    networks = serializers.ListField(child=serializers.CharField())
    token_seconds = serializers.IntegerField()
    expires_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)
    is_active = serializers.BooleanField()
    created_by = serializers.CharField()
    created_at = serializers.DateTimeField(source="created")
    secrets = SecretSerializer(many=True, source="secrets.all")


class NewClientSerializer(ClientSerializer):
    client_secret = serializers.CharField(help_text="shown this once; empty for signed assertions")


class NewSecretSerializer(serializers.Serializer[Any]):
    client_id = serializers.CharField()
    client_secret = serializers.CharField(help_text="shown this once")
