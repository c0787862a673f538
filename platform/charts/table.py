"""The numbers beside a picture: header and rows, as HTML and as CSV that is safe to open."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from charts.markup import Markup, html_tag, join
from charts.numerals import finite
from charts.spreadsheets import harmless

Cell = str | int | float | None


@dataclass(frozen=True)
class Table:
    """Header and rows of equal length; numbers stay numbers, None is an empty cell."""

    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def __post_init__(self) -> None:
        """Refuse rows of another length with ValueError."""
        if any(len(row) != len(self.header) for row in self.rows):
            raise ValueError("every row needs as many cells as the header")

    def csv(self) -> str:
        """RFC 4180 with a byte-order mark, so that office programs read Chinese.

        Text that an office program would run as a formula gets a leading apostrophe; numbers,
        also negative ones, are written bare. NaN and infinities are empty.
        """
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow([_safe(name) for name in self.header])
        for row in self.rows:
            writer.writerow([_safe(cell) for cell in row])
        return "\ufeff" + out.getvalue()

    def html(self, *, limit: int = 200) -> Markup:
        """An escaped ``<table>`` of at most ``limit`` rows."""
        head = html_tag("tr", *(html_tag("th", name, scope="col") for name in self.header))
        body = [html_tag("tr", *(_cell(cell) for cell in row)) for row in self.rows[:limit]]
        return html_tag(
            "table", html_tag("thead", head), html_tag("tbody", join(body)), class_="ch-table"
        )


def _safe(cell: Cell) -> str | int | float:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return harmless(cell)
    return cell if finite(cell) is not None else ""


def _cell(cell: Cell) -> Markup:
    if isinstance(cell, str):
        return html_tag("td", cell)
    held = finite(cell)
    if held is None:
        return html_tag("td", "\u2013", class_="ch-num")
    shown = f"{held:,.0f}" if held.is_integer() and abs(held) < 1e15 else f"{held:,.6g}"
    return html_tag("td", shown.replace("-", "\u2212"), class_="ch-num")
