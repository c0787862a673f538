"""The parts of a JDM document, its text form read safely, its canonical form and its hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from scoring.engine.policy.errors import PolicyRefusedError, Problem
from scoring.engine.policy.limits import DEFAULT_LIMITS, Limits

INPUT, OUTPUT = "inputNode", "outputNode"
TABLE, EXPRESSION, SWITCH = "decisionTableNode", "expressionNode", "switchNode"
NODE_TYPES = (INPUT, OUTPUT, TABLE, EXPRESSION, SWITCH)
HIT_POLICIES = ("first", "collect")

Document: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A table column: `field` is an expression for inputs, a dotted name for outputs."""

    id: str
    name: str
    field: str


@dataclass(frozen=True, slots=True)
class Row:
    """A table row: the text of each cell by column id."""

    id: str
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Assignment:
    """A line of an expression node: the key written and the expression's text."""

    id: str
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Branch:
    """A statement of a switch node; the default branch has no condition."""

    id: str
    condition: str
    default: bool


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """One node of the graph; only the parts of its own type are filled."""

    id: str
    type: str
    name: str
    hit_policy: str = "first"
    pass_through: bool = True
    output_path: str = ""
    schema: str = ""
    inputs: tuple[Column, ...] = ()
    outputs: tuple[Column, ...] = ()
    rows: tuple[Row, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    branches: tuple[Branch, ...] = ()


@dataclass(frozen=True, slots=True)
class EdgeSpec:
    """A connection; `handle` names the branch when it leaves a switch."""

    id: str
    source: str
    target: str
    handle: str = ""


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes in document order and edges."""

    nodes: tuple[NodeSpec, ...]
    edges: tuple[EdgeSpec, ...]


def canonical_json(document: Document) -> bytes:
    """UTF-8 JSON with sorted keys and no white space: equal documents have equal bytes."""
    text = json.dumps(
        document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode()


def policy_hash(document: Document) -> str:
    """Hexadecimal SHA-256 of the canonical JSON."""
    return hashlib.sha256(canonical_json(document)).hexdigest()


def load_json(text: str | bytes, *, limits: Limits = DEFAULT_LIMITS) -> Document:
    """Parse JSON text with limits: size, nesting, no NaN, no repeated keys.

    Raises `PolicyRefusedError`.
    """
    raw = text.encode() if isinstance(text, str) else text
    if len(raw) > limits.document_bytes:
        raise _refuse("document_size", f"larger than {limits.document_bytes} bytes")
    if _nested_beyond(raw, limits.nesting):
        raise _refuse("document_depth", f"nested deeper than {limits.nesting}")
    try:
        document = json.loads(raw, object_pairs_hook=_unique_keys, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise _refuse("document_json", f"not JSON: {error}") from error
    if not isinstance(document, dict):
        raise _refuse("document_json", "the document is an object")
    return document


def _refuse(code: str, reason: str) -> PolicyRefusedError:
    return PolicyRefusedError((Problem(code, reason),))


def _nested_beyond(raw: bytes, limit: int) -> bool:
    """Whether brackets outside strings nest deeper than `limit`, without parsing."""
    depth = 0
    inside = escaped = False
    for byte in raw:
        if inside:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                inside = False
        elif byte == 0x22:
            inside = True
        elif byte in b"[{":
            depth += 1
            if depth > limit:
                return True
        elif byte in b"]}":
            depth -= 1
    return False


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key is repeated")
    return result


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is not admitted")
