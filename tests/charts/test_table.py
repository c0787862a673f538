"""The numbers beside a picture."""

from __future__ import annotations

import csv
import io
import math

import pytest

from charts.table import Table
from tests.charts.samples import pictures


def test_csv_round_trips_numbers_and_text() -> None:
    table = Table(
        header=("名称", "n"), rows=(("a,b", -1.5), ('q"', None), ("x", math.nan), ("y", 3))
    )
    text = table.csv()
    assert text.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(text[1:])))
    assert rows == [["名称", "n"], ["a,b", "-1.5"], ['q"', ""], ["x", ""], ["y", "3"]]


@pytest.mark.parametrize(
    "text", ["=1+1", "+1+1", "-1-A1", "@SUM(A1)", "\t=1", " =1", "＝1", "|x", "%x"]
)
def test_live_text_is_made_dead(text: str) -> None:
    table = Table(header=(text,), rows=((text,),))
    rows = list(csv.reader(io.StringIO(table.csv()[1:])))
    assert rows == [[f"'{text}"], [f"'{text}"]]


def test_rows_must_fit_the_header() -> None:
    with pytest.raises(ValueError, match="as many cells"):
        Table(header=("a",), rows=((1, 2),))


def test_html_escapes_and_limits() -> None:
    table = Table(header=("<a>",), rows=tuple((i,) for i in range(300)))
    html = table.html(limit=200)
    assert "&lt;a&gt;" in html
    assert html.count("<tr>") == 201
    assert '<td class="ch-num">\u2212' in Table(header=("a",), rows=((-2.5,),)).html()


def test_every_picture_has_rows_for_its_csv() -> None:
    for picture in pictures():
        table = picture.table(lang="zh-hans")
        assert len(table.csv().splitlines()) == len(table.rows) + 1 > 1
