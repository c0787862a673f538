"""Small multiples: the same kind of plot many times, in one picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from charts.area import WIDE, Size
from charts.drawing import notes_of, picture
from charts.lettering import SMALL, lettering
from charts.markup import Markup, join, tag
from charts.plot import Plot, plot_body
from charts.words import Lang, say

MOST_PANELS: Final = 12
_GAP: Final = 18.0


def draw_multiples(
    plots: Sequence[Plot],
    *,
    key: str,
    title: str,
    lang: Lang = "en",
    size: Size = WIDE,
    columns: int = 3,
) -> Markup:
    """Plots in a grid, each under its own title; at most 12. Give them equal axes to compare.

    At phone width there are at most two columns. Panels do not answer to hovering.
    """
    shown = list(plots[:MOST_PANELS])
    across = max(1, min(columns, 2 if size.narrow else columns, max(len(shown), 1)))
    wide = (size.width - _GAP * (across - 1)) / across
    panel = Size(width=int(wide), height=int(wide * 0.72) + 40)
    drawn = [plot_body(replace(plot, hover=False), size=panel) for plot in shown]
    tallest = max((height for _, height, _ in drawn), default=60.0) + 22
    parts: list[Markup] = []
    for index, (body, height, _) in enumerate(drawn):
        x = (index % across) * (wide + _GAP)
        y = (index // across) * tallest
        parts.append(lettering(x + 2, y + 13, shown[index].title, tone="ink", bold=True, room=wide))
        parts.append(
            tag("svg", body, x=x, y=y + 20, width=panel.width, height=height, overflow="visible")
        )
    bottom = tallest * math.ceil(len(drawn) / across) if drawn else 90.0
    notes: tuple[str, ...] = ()
    if not drawn:
        notes = (say(lang, "No data"),)
        parts.append(lettering(size.width / 2, 50, notes[0], anchor="middle"))
    elif len(plots) > MOST_PANELS:
        words, total = "first {shown} of {total} shown", f"{len(plots):,}"
        notes = (say(lang, words, shown=MOST_PANELS, total=total),)
        bottom += 16
        parts.append(lettering(2, bottom - 3, notes[0], size=SMALL))
    said = notes_of((title, *(plot.title for plot in shown), *notes))
    return picture(join(parts), key=key, size=size, height=bottom, title=title, description=said)
