"""What every named picture answers: its drawing, its numbers, and the two together as a figure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from charts.area import NARROW, WIDE, Size
from charts.markup import Markup, html_tag
from charts.plot import Plot, draw_plot
from charts.table import Table
from charts.words import Lang, say


@dataclass(frozen=True, kw_only=True)
class About:
    """What stands under a picture's title: how many rows, as of when, of which model."""

    rows: int | None = None
    as_of: str = ""
    version: str = ""
    note: str = ""

    def line(self, lang: Lang) -> str:
        """The parts that are known, with middle dots between."""
        parts = [self.note] if self.note else []
        if self.rows is not None:
            parts.append(say(lang, "n = {value}", value=f"{self.rows:,}"))
        if self.as_of:
            parts.append(say(lang, "as of {value}", value=self.as_of))
        if self.version:
            parts.append(say(lang, "model {value}", value=self.version))
        return " \u00b7 ".join(parts)


class Picture(ABC):
    """A named picture with typed inputs: a frozen dataclass with one drawing and one table."""

    name: ClassVar[str]

    def title(self, lang: Lang = "en") -> str:
        """Its name in that language."""
        return say(lang, self.name)

    @abstractmethod
    def svg(self, *, key: str, lang: Lang = "en", size: Size = WIDE) -> Markup:
        """The drawing; ``key`` is unique on the page and makes the ids."""

    @abstractmethod
    def table(self, *, lang: Lang = "en") -> Table:
        """The numbers drawn."""


class PlotPicture(Picture):
    """A named picture that is one plot; ``tall`` stretches its height."""

    tall: ClassVar[float] = 1.0

    @abstractmethod
    def plot(self, *, lang: Lang = "en") -> Plot:
        """The plot, to be drawn alone or among small multiples."""

    def svg(self, *, key: str, lang: Lang = "en", size: Size = WIDE) -> Markup:
        """The plot as a complete drawing."""
        stretched = Size(width=size.width, height=int(size.height * self.tall))
        return draw_plot(self.plot(lang=lang), key=key, size=stretched)


_NOTHING = About()


def figure(
    picture: Picture,
    *,
    key: str,
    lang: Lang = "en",
    about: About = _NOTHING,
    wide: Size = WIDE,
    csv_url: str = "",
) -> Markup:
    """A card's content as HTML: title, facts, the drawing for desk and phone, the data table.

    Both drawings are there; the stylesheet shows the one that fits the card's width.
    """
    line = about.line(lang)
    facts = (html_tag("span", line, class_="ch-about"),) if line else ()
    caption = html_tag(
        "figcaption", html_tag("span", picture.title(lang), class_="ch-title"), *facts
    )
    link: tuple[Markup, ...] = ()
    if csv_url:
        link = (html_tag("a", say(lang, "Download CSV"), href=csv_url, download=""),)
    data = html_tag(
        "details",
        html_tag("summary", say(lang, "Data table")),
        html_tag(
            "div",
            picture.table(lang=lang).html(),
            class_="ch-scroll",
            tabindex="0",
            role="region",
            aria_label=picture.title(lang),
        ),
    )
    beside = html_tag("div", *link, data, class_="ch-data")
    return html_tag(
        "figure",
        caption,
        html_tag("div", picture.svg(key=key, lang=lang, size=wide), class_="ch-wide"),
        html_tag("div", picture.svg(key=f"{key}:s", lang=lang, size=NARROW), class_="ch-slim"),
        beside,
        class_="ch-figure",
    )
