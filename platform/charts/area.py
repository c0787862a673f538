"""What layers share: the drawing area, and the small records they hand to the frame."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from charts.markup import Markup
from charts.numerals import PLAIN, NumberFormat
from charts.scale import Scale

Side = Literal["left", "right"]
Swatch = Literal["line", "box", "dot", "ring", "band"]


@dataclass(frozen=True, kw_only=True)
class Size:
    """Design size in user units; text is 12 units, so a unit should come out near one CSS pixel."""

    width: int
    height: int

    @property
    def narrow(self) -> bool:
        """True where there is a phone's room only."""
        return self.width < 480


WIDE: Final = Size(width=680, height=320)
FULL: Final = Size(width=1080, height=340)
MOST_CATEGORIES: Final = 200
NARROW: Final = Size(width=348, height=290)


@dataclass(frozen=True, kw_only=True)
class LegendEntry:
    """One name in the legend with how its mark looks."""

    name: str
    tone: str
    swatch: Swatch = "line"
    dash: str | None = None


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What hovering at ``x`` says about one series; ``y`` places the dot (None: no dot)."""

    x: float
    y: float | None
    text: str
    tone: str
    side: Side = "left"


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One axis. With ``categories`` the n-th category stands at x = n; ``rows`` are lines of small
    text under each category, each with its own heading (for example WOE and points)."""

    title: str = ""
    format: NumberFormat = PLAIN
    low: float | None = None
    high: float | None = None
    zero: bool = False
    tight: bool = False
    categories: tuple[str, ...] | None = None
    skip: bool = False
    rows: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Area:
    """The rectangle inside the axes with its scales."""

    left: float
    top: float
    width: float
    height: float
    x: Scale
    y_left: Scale
    y_right: Scale | None
    x_format: NumberFormat
    left_format: NumberFormat
    right_format: NumberFormat
    narrow: bool = False

    def y(self, value: float, side: Side = "left") -> float:
        """Vertical place of a value on the axis of that side."""
        scale = self.y_right if side == "right" and self.y_right is not None else self.y_left
        return scale(value)

    def format(self, side: Side) -> NumberFormat:
        """How values of that side are written."""
        return self.right_format if side == "right" else self.left_format

    @property
    def right(self) -> float:
        """Right border."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Lower border."""
        return self.top + self.height


@dataclass(frozen=True, kw_only=True)
class Layer:
    """Base of what can be drawn in a plot. Every method has an empty answer."""

    side: Side = field(default="left")

    def span_x(self) -> tuple[float, ...]:
        """Values the horizontal axis must hold."""
        return ()

    def span_y(self) -> tuple[float, ...]:
        """Values the vertical axis of this side must hold."""
        return ()

    def legend(self) -> tuple[LegendEntry, ...]:
        """Names for the legend."""
        return ()

    def readings(self, area: Area) -> tuple[Reading, ...]:
        """What hovering says."""
        return ()

    def left_out(self) -> int:
        """How many values could not be drawn."""
        return 0

    def filled(self) -> bool:
        """True when there is at least one value to draw."""
        return bool(self.span_y())

    def draw(self, area: Area) -> Markup:
        """The marks."""
        return Markup("")
