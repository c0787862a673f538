"""The outer element of every picture: size, name and description for assistive technology."""

from __future__ import annotations

from charts.area import Size
from charts.markup import Markup, identifier, tag
from charts.palette import fill

_FONT = "system-ui, 'Noto Sans', 'Noto Sans CJK SC', sans-serif"


def picture(
    body: Markup,
    *,
    key: str,
    size: Size,
    height: float,
    title: str,
    description: str,
    mini: bool = False,
) -> Markup:
    """Wrap marks in an ``<svg role="img">`` named by its title and description.

    ``key`` makes the ids; two pictures on one page need two keys. A ``mini``
    one keeps its own size; others take the width they are given.
    """
    title_id, desc_id = identifier(key, "t"), identifier(key, "d")
    paint = fill("ink")
    return tag(
        "svg",
        tag("title", title, id=title_id),
        tag("desc", description, id=desc_id),
        body,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {size.width} {round(height)}",
        width=size.width,
        height=round(height),
        role="img",
        aria_labelledby=f"{title_id} {desc_id}",
        font_family=_FONT,
        font_size=12,
        fill=paint["fill"],
        class_=f"ch {paint['class_']}{' ch-mini' if mini else ''}",
    )


def notes_of(parts: tuple[str, ...]) -> str:
    """Sentences into one description."""
    return ". ".join(part.strip(". ") for part in parts if part)
