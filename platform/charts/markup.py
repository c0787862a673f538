"""Well-formed, escaped XML out of Python values: the only place where markup is put together."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from html import escape

Attribute = str | int | float | None

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Markup(str):
    """Text that is already markup. Templates that honour ``__html__`` print it unescaped."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


def clean(text: str) -> str:
    """Escape text and drop characters that XML 1.0 (section 2.2) forbids."""
    return escape(_FORBIDDEN.sub("\ufffd", text), quote=True)


def number(value: float) -> str:
    """Write a coordinate with at most one decimal: a tenth of a unit cannot be seen."""
    text = f"{value:.1f}"
    text = text[:-2] if text.endswith(".0") else text
    return "0" if text == "-0" else text


def join(parts: Iterable[str]) -> Markup:
    """Join children; whatever is not markup yet is escaped."""
    return Markup("".join(part if isinstance(part, Markup) else clean(part) for part in parts))


def tag(name: str, *children: str, **attributes: Attribute) -> Markup:
    """Build one element. ``class_`` becomes class, ``font_size`` font-size; None is left out."""
    pairs = []
    for key, value in attributes.items():
        if value is None:
            continue
        shown = number(value) if isinstance(value, int | float) else clean(value)
        pairs.append(f' {key.rstrip("_").replace("_", "-")}="{shown}"')
    start = f"<{name}{''.join(pairs)}"
    body = join(children)
    return Markup(f"{start}>{body}</{name}>" if body else f"{start}/>")


def html_tag(name: str, *children: str, **attributes: Attribute) -> Markup:
    """Build one HTML element: never self-closing, so an HTML parser reads it as meant."""
    element = tag(name, *children, **attributes)
    return (
        Markup(f"{element[:-2]}></{name}>") if element.endswith("/>") and not children else element
    )


def identifier(key: str, part: str) -> str:
    """An id that is the same for the same key, and unique per key and part."""
    slug = re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-")[:24]
    return f"ch-{slug or 'x'}-{zlib.crc32(key.encode('utf-8', 'replace')):08x}-{part}"
