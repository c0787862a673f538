"""A plot: layers over a shared frame of axes, grid, legend and notes, drawn as one SVG."""

from __future__ import annotations

from dataclasses import dataclass, replace

from charts.area import MOST_CATEGORIES, WIDE, Area, Axis, Layer, LegendEntry, Side, Size
from charts.axes import category_axis, numeric_x_axis, y_axis
from charts.drawing import notes_of, picture
from charts.hover import hover_columns
from charts.legend import legend
from charts.lettering import SMALL, lettering, width
from charts.markup import Markup, join, tag
from charts.numerals import PLAIN
from charts.palette import stroke
from charts.scale import Scale, spread, ticks, widen
from charts.words import Lang, say


@dataclass(frozen=True, kw_only=True)
class Plot:
    """What to draw. ``title`` names the picture for assistive technology, ``description`` says
    what it shows; ``notes`` stand in small type below it."""

    title: str
    description: str = ""
    x: Axis
    y: Axis
    right: Axis | None = None
    layers: tuple[Layer, ...] = ()
    notes: tuple[str, ...] = ()
    lang: Lang = "en"
    hover: bool = True


def draw_plot(plot: Plot, *, key: str, size: Size = WIDE) -> Markup:
    """The plot as a complete ``<svg>``. ``key`` must be unique on the page."""
    body, height, said = plot_body(plot, size=size)
    return picture(
        body,
        key=key,
        size=size,
        height=height,
        title=plot.title,
        description=notes_of((plot.description or plot.title, *said)),
    )


def plot_body(plot: Plot, *, size: Size) -> tuple[Markup, float, tuple[str, ...]]:
    """The marks without the outer element, the height they need, and the notes they carry."""
    notes = _notes(plot)
    names = tuple(entry for layer in plot.layers for entry in layer.legend())
    key_marks, key_height = legend(
        _distinct(names) if len(names) > 1 else (), left=2.0, room=size.width - 4.0
    )
    if not any(layer.filled() for layer in plot.layers):
        return _empty(plot, size, key_marks, notes)
    area, bottom = _lay_out(plot, size, key_height)
    grid = y_axis(area, plot.y, side="left")
    other = y_axis(area, plot.right, side="right") if plot.right is not None else Markup("")
    if plot.x.categories is not None:
        under, depth = category_axis(area, _limited(plot.x))
    else:
        under, depth = numeric_x_axis(area, plot.x)
    marks = join(layer.draw(area) for layer in plot.layers)
    tips = Markup("")
    if plot.hover:
        readings = [reading for layer in plot.layers for reading in layer.readings(area)]
        categories = _limited(plot.x).categories
        tips = hover_columns(area, readings, heading=plot.x.title, categories=categories)
    y = bottom + depth
    foot = []
    for note in notes:
        y += 15
        foot.append(lettering(2, y, note, size=SMALL, room=size.width - 4))
    body = join((key_marks, grid, other, under, marks, tips, *foot))
    return body, y + 6, notes


def _notes(plot: Plot) -> tuple[str, ...]:
    lost = sum(layer.left_out() for layer in plot.layers)
    notes = plot.notes
    if lost:
        notes = (*notes, say(plot.lang, "values left out, not numbers: {n}", n=f"{lost:,}"))
    count = len(plot.x.categories or ())
    if count > MOST_CATEGORIES:
        notes = (
            *notes,
            say(
                plot.lang,
                "first {shown} of {total} shown",
                shown=MOST_CATEGORIES,
                total=f"{count:,}",
            ),
        )
    return notes


def _distinct(entries: tuple[LegendEntry, ...]) -> tuple[LegendEntry, ...]:
    kept: dict[tuple[str, str], LegendEntry] = {}
    for entry in entries:
        kept.setdefault((entry.name, entry.tone), entry)
    return tuple(kept.values())


def _limited(axis: Axis) -> Axis:
    if axis.categories is None or len(axis.categories) <= MOST_CATEGORIES:
        return axis
    return replace(axis, categories=axis.categories[:MOST_CATEGORIES])


def _domain(axis: Axis, values: list[float], count: int) -> tuple[float, float]:
    low, high = spread(values, zero=axis.zero)
    if not axis.tight:
        low, high = widen(low, high, count)
    low = axis.low if axis.low is not None else low
    high = axis.high if axis.high is not None else high
    return (low, high) if high > low else (low, low + 1.0)


def _lay_out(plot: Plot, size: Size, top: float) -> tuple[Area, float]:
    """Margins from what has to be written, then the area; second: the area's lower border."""
    count = 4 if size.narrow else 5
    domains: dict[Side, tuple[float, float]] = {}
    room: dict[Side, float] = {"left": 4.0, "right": 10.0}
    sides: tuple[tuple[Side, Axis | None], ...] = (("left", plot.y), ("right", plot.right))
    for side, axis in sides:
        if axis is None:
            continue
        values = [v for layer in plot.layers if layer.side == side for v in layer.span_y()]
        domains[side] = _domain(axis, values, count)
        marks, step = ticks(*domains[side], count)
        room[side] = max((width(axis.format.tick(v, step)) for v in marks), default=10) + 9
    if plot.x.rows:
        room["left"] = max(room["left"], max(width(name, SMALL) for name, _ in plot.x.rows) + 8)
    titled = bool(plot.y.title) or (plot.right is not None and bool(plot.right.title))
    top += 26.0 if titled else 8.0
    left = min(room["left"], size.width * 0.3)
    wide = size.width - left - room["right"]
    tall = float(size.height - 48)
    if plot.x.categories is not None:
        shown = min(len(plot.x.categories), MOST_CATEGORIES)
        low, high = -0.5, max(shown, 1) - 0.5
    else:
        low, high = _domain(
            replace(plot.x, tight=True), [v for la in plot.layers for v in la.span_x()], count
        )
    bottom = top + max(tall - 14 * len(plot.x.rows), 120.0)
    right = domains.get("right")
    area = Area(
        left=left,
        top=top,
        width=wide,
        height=bottom - top,
        x=Scale(low, high, left, left + wide),
        y_left=Scale(*domains["left"], bottom, top),
        y_right=None if right is None else Scale(*right, bottom, top),
        x_format=plot.x.format,
        left_format=plot.y.format,
        right_format=plot.right.format if plot.right is not None else PLAIN,
        narrow=size.narrow,
    )
    return area, bottom


def _empty(
    plot: Plot, size: Size, key_marks: Markup, notes: tuple[str, ...]
) -> tuple[Markup, float, tuple[str, ...]]:
    tall = size.height * 0.6
    frame = tag(
        "rect",
        x=1,
        y=28,
        width=size.width - 2,
        height=tall,
        rx=6,
        fill="none",
        stroke_dasharray="4 4",
        **stroke("axis"),
    )
    nothing = say(plot.lang, "No data")
    text = lettering(size.width / 2, 28 + tall / 2 + 4, nothing, anchor="middle")
    foot = [
        lettering(2, 28 + tall + 16 + 15 * index, note, size=SMALL, room=size.width - 4)
        for index, note in enumerate(notes)
    ]
    height = 28 + tall + 8 + 15 * len(notes)
    return join((key_marks, frame, text, *foot)), height, (nothing, *notes)
