"""The model artifact: one canonical JSON document, its hash, and a reader that believes nothing."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from typing import Any

from scoring.engine.errors import ArtifactError

# Made once: `json.dumps` with settings makes one a call.
_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
)
SCHEMA = 1
MAX_BYTES = 64 * 1024 * 1024


def canonical(document: Any) -> bytes:
    """The document as the one JSON text it has: sorted keys, no spaces, shortest float digits.

    Raises ArtifactError for NaN, infinities and what JSON cannot hold.
    """
    try:
        text = _ENCODER.encode(document)
    except (TypeError, ValueError) as error:
        raise ArtifactError(f"cannot be written as JSON: {error}") from error
    return text.encode("ascii")


def model_hash(artifact: bytes) -> str:
    """SHA-256 of the artifact's bytes in hexadecimal: the model's identity."""
    return hashlib.sha256(artifact).hexdigest()


def read(artifact: bytes) -> Reader:
    """The artifact's document behind checking accessors. Raises ArtifactError."""
    if len(artifact) > MAX_BYTES:
        raise ArtifactError(f"larger than {MAX_BYTES} bytes")
    try:
        document = json.loads(artifact)
    except (ValueError, RecursionError) as error:
        raise ArtifactError(f"not a JSON document: {error}") from error
    if not isinstance(document, dict) or canonical(document) != artifact:
        raise ArtifactError("not a JSON object in canonical form")
    reader = Reader(document, "artifact")
    if reader.integer("schema") != SCHEMA:
        raise ArtifactError(f"schema must be {SCHEMA}")
    return reader


class Reader:
    """Typed access to a JSON object; every accessor raises ArtifactError naming the place."""

    def __init__(self, document: object, place: str) -> None:
        if not isinstance(document, dict):
            raise ArtifactError(f"{place} must be an object")
        self._document = document
        self.place = place

    def child(self, key: str) -> Reader:
        """The object under ``key``."""
        return Reader(self._value(key), f"{self.place}.{key}")

    def children(self, key: str) -> Iterator[Reader]:
        """The objects in the list under ``key``."""
        for index, value in enumerate(self._list(key)):
            yield Reader(value, f"{self.place}.{key}[{index}]")

    def text(self, key: str, allowed: tuple[str, ...] | None = None) -> str:
        """A string, one of ``allowed`` when given."""
        value = self._value(key)
        if not isinstance(value, str) or (allowed is not None and value not in allowed):
            raise ArtifactError(f"{self.place}.{key} must be a text{_among(allowed)}")
        return value

    def integer(self, key: str, low: int = -(2**31), high: int = 2**31 - 1) -> int:
        """An integer within bounds."""
        return _integer(self._value(key), f"{self.place}.{key}", low, high)

    def number(self, key: str, low: float = -1e300, high: float = 1e300) -> float:
        """A finite number within bounds."""
        return _number(self._value(key), f"{self.place}.{key}", low, high)

    def integers(self, key: str, low: int = -(2**31), high: int = 2**31 - 1) -> list[int]:
        """A list of integers within bounds."""
        return [_integer(v, f"{self.place}.{key}", low, high) for v in self._list(key)]

    def numbers(self, key: str, low: float = -1e300, high: float = 1e300) -> list[float]:
        """A list of finite numbers within bounds."""
        return [_number(v, f"{self.place}.{key}", low, high) for v in self._list(key)]

    def texts(self, key: str) -> list[str]:
        """A list of strings without repetition."""
        values = self._list(key)
        texts = [value for value in values if isinstance(value, str)]
        if len(texts) != len(values) or len(set(texts)) != len(texts):
            raise ArtifactError(f"{self.place}.{key} must be a list of different texts")
        return texts

    def lists_of_texts(self, key: str) -> list[list[str]]:
        """A list of lists of strings, no string twice."""
        groups = []
        for index, value in enumerate(self._list(key)):
            groups.append(Reader({"group": value}, f"{self.place}.{key}[{index}]").texts("group"))
        every = [text for group in groups for text in group]
        if len(set(every)) != len(every):
            raise ArtifactError(f"{self.place}.{key} holds a text twice")
        return groups

    def _value(self, key: str) -> object:
        if key not in self._document:
            raise ArtifactError(f"{self.place}.{key} is missing")
        return self._document[key]

    def _list(self, key: str) -> list[object]:
        value = self._value(key)
        if not isinstance(value, list):
            raise ArtifactError(f"{self.place}.{key} must be a list")
        return value


def _integer(value: object, place: str, low: int, high: int) -> int:
    if type(value) is not int or not low <= value <= high:
        raise ArtifactError(f"{place} must be an integer from {low} to {high}")
    return value


def _number(value: object, place: str, low: float, high: float) -> float:
    if type(value) not in (int, float):
        raise ArtifactError(f"{place} must be a number")
    try:
        number = float(value)  # type: ignore[arg-type]
    except OverflowError:
        number = math.inf
    if not low <= number <= high:
        raise ArtifactError(f"{place} must be a number from {low:g} to {high:g}")
    return number


def _among(allowed: tuple[str, ...] | None) -> str:
    return "" if allowed is None else f" out of {', '.join(allowed)}"
