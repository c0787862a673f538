"""The two readers of text agree wherever both may read, and the careful one keeps its place."""

import csv
import io

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.choices import Reason
from datasets.engine.blocks import read_blocks, regular_ends
from datasets.engine.encodings import Utf8Reader
from datasets.engine.limits import Limits
from datasets.engine.records import Record, split_records
from tests.datasets_engine.samples import contract_of, run, text, written

CELLS = st.text(alphabet=st.sampled_from(list('ab ,"\n\r;é客😀-=0')), max_size=6)
PIECES = st.text(alphabet=st.sampled_from(list('ab,"\n')), max_size=60)


def fields_of(data: str) -> list[list[str] | None]:
    parsed = split_records(data, delimiter=",", longest=10_000, final=True)
    assert parsed.rest == ""
    return [record.fields for record in parsed.records]


@settings(deadline=None)
@given(st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1, max_size=8))
def test_what_a_csv_writer_wrote_is_read_back(rows: list[list[str]]) -> None:
    assert fields_of(written(rows, quoting=csv.QUOTE_ALL).decode()) == rows
    assert fields_of(written(rows, line_end="\r\n").decode()) == rows


@settings(deadline=None)
@given(st.lists(st.lists(CELLS, min_size=2, max_size=3), min_size=1, max_size=8))
def test_regular_text_is_cut_where_records_end(rows: list[list[str]]) -> None:
    data = written(rows)
    ends = regular_ends(data, ",")
    if b"\r" in data.replace(b"\r\n", b""):
        assert ends is None
        return
    assert ends is not None
    assert len(ends) == len(rows)
    assert int(ends[-1]) == len(data)


@settings(deadline=None)
@given(PIECES)
def test_whatever_counts_as_regular_is_read_alike_by_the_careful_reader(data: str) -> None:
    if not data.endswith("\n"):
        data += "\n"
    ends = regular_ends(data.encode(), ",")
    if ends is None or not len(ends) or int(ends[-1]) != len(data):
        return
    parsed = split_records(data, delimiter=",", longest=1_000, final=True)
    lengths = [len(record.raw) + 1 for record in parsed.records]
    assert np.cumsum(lengths).tolist() == ends.tolist()
    assert all(record.reason is None for record in parsed.records)


@settings(max_examples=60, deadline=None)
@given(PIECES, st.integers(min_value=8, max_value=40))
def test_the_size_of_blocks_does_not_change_the_records(data: str, size: int) -> None:
    def read(block_bytes: int) -> list[tuple[list[str] | None, Reason | None]]:
        limits = Limits(block_bytes=block_bytes, row_bytes=1 << 16)
        reader = Utf8Reader(io.BytesIO(data.encode()), "utf-8")
        found: list[tuple[list[str] | None, Reason | None]] = []
        for block in read_blocks(reader, delimiter=",", limits=limits):
            assert block.first_row == len(found) + 1
            for index in range(block.count):
                record = block.records[index] if block.records else parsed(block.record_text(index))
                found.append((record.fields, record.reason))
        return found

    assert read(size) == read(1 << 20)


def parsed(raw: str) -> Record:
    records = split_records(raw, delimiter=",", longest=1_000, final=True).records
    return records[0] if records else Record([""], "")


def test_a_stray_quote_costs_one_line_and_not_the_file() -> None:
    lines = [f"{i},x" for i in range(50)]
    lines[10] = '10,"never closed'
    data = "\n".join(["a,b", *lines]).encode()
    done = run(data, contract_of(text("a"), text("b")))
    assert done.summary.rows_quarantined == 1
    assert done.reason_of(12) == "unterminated_quote"
    assert done.summary.rows_good == 49


def test_an_open_quote_closed_in_a_later_row_costs_one_line() -> None:
    data = b'a,b\n1,"open\n2,x\n3,"fine"\n4,y\n'
    done = run(data, contract_of(text("a"), text("b")))
    assert done.bad["_row"].to_list() == [2]
    assert done.good["b"].to_list() == ["x", "fine", "y"]


def test_a_quote_inside_an_unquoted_value_is_a_character() -> None:
    done = run(b'a,b\n1,5" pipe\n2,x\n', contract_of(text("a"), text("b")))
    assert done.good["b"].to_list() == ['5" pipe', "x"]


def test_text_after_a_closing_quote_is_refused() -> None:
    done = run(b'a,b\n1,"x"y\n2,z\n', contract_of(text("a"), text("b")))
    assert done.reason_of(2) == "bad_quoting"
    assert done.good["a"].to_list() == ["2"]
