"""Text inside pictures: how wide it will be, how it is cut, how it is placed."""

from __future__ import annotations

import unicodedata
from typing import Final

from charts.markup import Markup, join, tag
from charts.palette import LIGHT, fill

BODY: Final = 12.0
SMALL: Final = 11.0
_NARROW: Final = frozenset("iIjl.,:;|!'`()[] \u202f")
_WIDE: Final = frozenset("mwMW%@\u2026\u2014")


def _advance(char: str) -> float:
    if char in _NARROW:
        return 0.32
    if char in _WIDE:
        return 0.9
    if unicodedata.east_asian_width(char) in "WF":
        return 1.0
    if unicodedata.combining(char):
        return 0.0
    return 0.68 if char.isupper() else 0.58


def width(text: str, size: float = BODY) -> float:
    """Estimated width in user units, a little generous, for common sans-serif fonts."""
    return sum(map(_advance, text)) * size


def shorten(text: str, room: float, size: float = BODY) -> str:
    """Cut text to fit the room (user units), with an ellipsis where something went."""
    if width(text, size) <= room:
        return text
    left = room - width("\u2026", size)
    for count, char in enumerate(text):
        left -= _advance(char) * size
        if left < 0:
            return text[:count].rstrip() + "\u2026"
    return text


def wrap(text: str, room: float, size: float = BODY) -> tuple[str, ...]:
    """Break text into at most two lines, at a space where there is one; the rest is cut."""
    if width(text, size) <= room:
        return (text,)
    breaks = [at for at, char in enumerate(text) if char == " "]
    breaks += [at for at, char in enumerate(text) if unicodedata.east_asian_width(char) in "WF"]
    fitting = [at for at in breaks if at and width(text[:at].rstrip(), size) <= room]
    if not fitting:
        return (shorten(text, room, size),)
    at = max(fitting)
    return text[:at].rstrip(), shorten(text[at:].lstrip(), room, size)


def lettering(
    x: float,
    y: float,
    content: str,
    *,
    tone: str = "muted",
    anchor: str = "start",
    size: float = BODY,
    room: float | None = None,
    bold: bool = False,
    halo: bool = False,
    turn: float | None = None,
    extra: str = "",
) -> Markup:
    """One line of text at its baseline; cut to the room, with the whole text as its tooltip."""
    shown = content if room is None else shorten(content, max(room, size), size)
    attributes: dict[str, str | float | None] = {"x": x, "y": y, **fill(tone)}
    if halo:
        attributes |= {"stroke": LIGHT["surface"], "stroke_width": 3.5, "paint_order": "stroke"}
    classes = f"{attributes['class_']}{' ch-halo' if halo else ''}{' ' + extra if extra else ''}"
    attributes |= {
        "class_": classes,
        "text_anchor": None if anchor == "start" else anchor,
        "font_size": None if size == BODY else size,
        "font_weight": "600" if bold else None,
        "transform": None if turn is None else f"rotate({turn:g} {x:.1f} {y:.1f})",
    }
    title = tag("title", content) if shown != content else Markup("")
    return tag("text", join((title, shown)), **attributes)
