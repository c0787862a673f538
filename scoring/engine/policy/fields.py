"""Declared inputs of a policy: names, types, domains, and where each value comes from.

They are stored where JDM keeps them, as the JSON Schema text of the input node, in this subset:

```
{"type": "object", "required": [...], "properties": {
   "score": {"type": "number", "minimum": 300, "maximum": 850, "x-source": "model"},
   "region": {"type": ["string", "null"], "enum": ["N", "S"]}}}
```

A name that is not required may be absent, which is the same as null. Dotted names of expressions
are nested objects in the schema and in the inputs given. Nothing else of JSON Schema is admitted
(`$ref` would let a document reach out to the network).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from scoring.engine.policy.errors import ExpressionRefusedError, PolicyRefusedError, Problem
from scoring.engine.policy.grammar import parse_name
from scoring.engine.policy.limits import DEFAULT_LIMITS, Limits

NUMBER_TYPES = ("number", "integer")
TYPES = (*NUMBER_TYPES, "string", "boolean")
MODEL_SOURCE = "model"
APPLICATION_SOURCE = "application"
MAX_MAGNITUDE = Decimal(10) ** 15
_LEAF_KEYS = frozenset({"type", "enum", "minimum", "maximum", "x-source", "title", "description"})


@dataclass(frozen=True, slots=True)
class InputField:
    """One declared input.

    `minimum` and `maximum` are inclusive; `values` lists the categories of a string (empty: any).
    `source` is `model` for what a statistical model produced: nodes that read it, or anything
    derived from it, are shown as *model* nodes, all others as *rule* nodes.
    """

    name: str
    type: str = "number"
    nullable: bool = False
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    values: tuple[str, ...] = ()
    source: str = APPLICATION_SOURCE

    @property
    def path(self) -> tuple[str, ...]:
        """The name split at its dots."""
        return tuple(self.name.split("."))


def schema_text(fields: tuple[InputField, ...]) -> str:
    """The JSON Schema text of the input node for these fields, in canonical form."""
    return json.dumps(_object_schema(fields, depth=0), sort_keys=True, ensure_ascii=False)


def fields_from_schema(text: str, *, limits: Limits = DEFAULT_LIMITS) -> tuple[InputField, ...]:
    """Read the declared inputs back, in name order. Raises `PolicyRefusedError`."""
    if len(text.encode()) > limits.document_bytes:
        raise _refusal("", "the schema is too large")
    try:
        schema = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    except (ValueError, RecursionError) as error:
        raise _refusal("", f"the input schema is not JSON: {type(error).__name__}") from error
    fields = _read_object(schema, prefix="", depth=0, limits=limits)
    if not fields:
        raise _refusal("", "the input node declares no inputs")
    if len(fields) > limits.inputs:
        raise _refusal("", f"more than {limits.inputs} inputs")
    return tuple(sorted(fields, key=lambda field: field.name))


def _object_schema(fields: tuple[InputField, ...], *, depth: int) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    required: set[str] = set()
    groups: dict[str, list[InputField]] = {}
    for field in fields:
        head = field.path[depth]
        if len(field.path) == depth + 1:
            properties[head] = _leaf_schema(field)
        else:
            groups.setdefault(head, []).append(field)
        if not field.nullable:
            required.add(head)
    for head, members in groups.items():
        properties[head] = _object_schema(tuple(members), depth=depth + 1)
    return {"type": "object", "properties": properties, "required": sorted(required)}


def _leaf_schema(field: InputField) -> dict[str, Any]:
    leaf: dict[str, Any] = {"type": [field.type, "null"] if field.nullable else field.type}
    if field.values:
        leaf["enum"] = [*field.values, None] if field.nullable else list(field.values)
    for key, bound in (("minimum", field.minimum), ("maximum", field.maximum)):
        if bound is not None:
            leaf[key] = int(bound) if bound == bound.to_integral_value() else float(bound)
    leaf["x-source"] = field.source
    return leaf


def _read_object(schema: Any, *, prefix: str, depth: int, limits: Limits) -> list[InputField]:
    if not isinstance(schema, Mapping) or schema.get("type") != "object":
        raise _refusal(prefix, 'expected {"type": "object", ...}')
    unknown = set(schema) - {"type", "properties", "required", "title", "description"}
    if unknown:
        raise _refusal(prefix, f"keys not admitted: {sorted(unknown)}")
    properties = schema.get("properties", {})
    required = schema.get("required", [])
    if not isinstance(properties, Mapping) or not isinstance(required, list):
        raise _refusal(prefix, "properties is an object and required a list")
    if depth > limits.expression_depth:
        raise _refusal(prefix, "nested too deep")
    fields: list[InputField] = []
    for key, leaf in properties.items():
        name = f"{prefix}{key}"
        if isinstance(leaf, Mapping) and leaf.get("type") == "object":
            fields += _read_object(leaf, prefix=f"{name}.", depth=depth + 1, limits=limits)
        else:
            fields.append(_read_leaf(name, leaf, required=key in required, limits=limits))
    return fields


def _read_leaf(name: str, leaf: Any, *, required: bool, limits: Limits) -> InputField:
    try:
        parse_name(name, limits=limits)
    except ExpressionRefusedError as error:
        raise _refusal(name, f"not a usable name: {error.reason}") from error
    if not isinstance(leaf, Mapping) or set(leaf) - _LEAF_KEYS:
        raise _refusal(name, f"admitted keys are {sorted(_LEAF_KEYS)}")
    kinds = leaf.get("type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    main = [kind for kind in kinds if kind != "null"]
    if len(main) != 1 or main[0] not in TYPES:
        raise _refusal(name, f"the type is one of {TYPES}, with or without null")
    values = leaf.get("enum", [])
    if not isinstance(values, list):
        raise _refusal(name, "enum is a list")
    texts = tuple(value for value in values if value is not None)
    if not all(isinstance(value, str) for value in texts) or (texts and main[0] != "string"):
        raise _refusal(name, "enum lists strings, for a string")
    source = leaf.get("x-source", APPLICATION_SOURCE)
    if not isinstance(source, str):
        raise _refusal(name, "x-source is a string")
    return InputField(
        name=name,
        type=main[0],
        nullable="null" in kinds or not required,
        minimum=_bound(name, leaf, "minimum", main[0]),
        maximum=_bound(name, leaf, "maximum", main[0]),
        values=texts,
        source=source,
    )


def _bound(name: str, leaf: Mapping[str, Any], key: str, kind: str) -> Decimal | None:
    value = leaf.get(key)
    if value is None:
        return None
    if kind not in NUMBER_TYPES or not isinstance(value, Decimal) or not value.is_finite():
        raise _refusal(name, f"{key} is a number, for a number")
    return value


def _refusal(name: str, reason: str) -> PolicyRefusedError:
    return PolicyRefusedError((Problem("input_schema", reason, column=name),))
