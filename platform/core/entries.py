"""Base of the shapes that callers send."""

from typing import Any

from rest_framework import serializers


class Entry(serializers.Serializer[Any]):
    """What a caller sends: a field that is not known is refused, not passed over."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = sorted(set(map(str, data)) - set(self.fields))
            if unknown:
                text = serializers.ErrorDetail("This field is not known.", code="unknown_field")
                raise serializers.ValidationError({name[:200]: [text] for name in unknown[:20]})
        return super().to_internal_value(data)
