"""Fields of answers and entries that say in the OpenAPI document what they hold."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers


@extend_schema_field({"type": "object", "additionalProperties": {}})
class JSONObjectField(serializers.JSONField):
    """A JSON object of any keys.

    A plain `JSONField` is described as "anything", and with `allow_null` as one of "anything" and null: then null
    fits twice, and no answer with it is what the document says.
    """
