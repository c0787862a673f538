"""Structures as what a JSON column can hold."""

from typing import Any

import msgspec

# PostgreSQL's jsonb and text refuse U+0000, which a hostile or damaged file may well hold.
_NUL, _SHOWN = b"\\u0000", b"\\ufffd"


def storable(structure: Any) -> Any:
    """A structure, or a sequence of them, as plain JSON values without U+0000."""
    return msgspec.json.decode(msgspec.json.encode(structure).replace(_NUL, _SHOWN))


def storable_text(text: str) -> str:
    """A text without U+0000."""
    return text.replace("\x00", "\ufffd")
