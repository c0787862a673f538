"""JSON Schema of the structures of `datasets.contracts`, for the OpenAPI document."""

from typing import Any

import msgspec
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from datasets.contracts import DataContract, QualityReport

_REF = "#/defs/{name}"


def schema_of(structure: type[msgspec.Struct]) -> dict[str, Any]:
    """Its schema with every reference written out: none of the structures holds itself."""
    (schema,), parts = msgspec.json.schema_components([structure], ref_template=_REF)
    written: dict[str, Any] = _written_out(schema, parts)
    return written


def _written_out(node: Any, parts: dict[str, Any]) -> Any:
    if isinstance(node, list | tuple):
        return [_written_out(each, parts) for each in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _written_out(parts[node["$ref"].removeprefix(_REF.format(name=""))], parts)
    return {key: _written_out(value, parts) for key, value in node.items()}


DATA_CONTRACT = schema_of(DataContract)
QUALITY_REPORT = schema_of(QualityReport)


@extend_schema_field(DATA_CONTRACT)
class DataContractField(serializers.DictField):
    """A data contract, as JSON."""
