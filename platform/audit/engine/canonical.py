"""One byte string for what an entry says, the same before it is stored and after it is read back."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def storable(value: Any) -> Any:
    """`value` as plain JSON that PostgreSQL gives back unchanged.

    NUL and lone surrogates become U+FFFD; a whole float becomes an integer (jsonb forgets the
    difference above 1e16); anything JSON does not know becomes its text. NaN and infinities become
    text too.
    """
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            return str(value)
        return int(value) if value.is_integer() else value
    if isinstance(value, Mapping):
        return {clean_text(str(key)): storable(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return [storable(item) for item in sorted(value, key=str)]
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [storable(item) for item in value]
    return clean_text(str(value))


def clean_text(text: str) -> str:
    """`text` without what PostgreSQL cannot store."""
    if text.isascii():
        return text.replace("\x00", _REPLACEMENT) if "\x00" in text else text
    return text.replace("\x00", _REPLACEMENT).encode("utf-8", "replace").decode("utf-8")


def canonical_json(value: Any) -> bytes:
    """Sorted keys, no blanks, UTF-8; `value` as `storable` gives it, or as jsonb gave it back."""
    return json.dumps(
        storable(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()
