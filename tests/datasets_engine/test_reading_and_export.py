"""Stored data as arrays, good and bad flags, and exports without live formulas."""

import csv
import io
from datetime import date

import numpy as np
import polars as pl
import pytest
from openpyxl import load_workbook

from datasets.choices import ColumnType
from datasets.contracts import ColumnContract, IntakeError
from datasets.engine import (
    bad_flags,
    export_csv,
    export_xlsx,
    iter_batches,
    read_columns,
    row_count,
)
from tests.datasets_engine.samples import Outcome, contract_of, decimal, integer, run, text

CONTRACT = contract_of(
    integer("n", special_codes={"-9": "none"}),
    decimal("x"),
    text("c"),
    ColumnContract(name="d", type=ColumnType.DATE),
    ColumnContract(name="b", type=ColumnType.BOOLEAN),
)
DATA = b"n,x,c,d,b\n-9,1.5,a,2024-01-31,yes\n,,,,no\n7,-2,b,2024-02-01,\n"


def stored() -> Outcome:
    return run(DATA, CONTRACT)


def test_columns_come_as_the_trainer_wants_them() -> None:
    found = read_columns(stored().stored, ["n", "x", "c", "d", "b", "_row"], CONTRACT)
    np.testing.assert_array_equal(found["n"], [-9.0, np.nan, 7.0])
    np.testing.assert_array_equal(found["x"], [1.5, np.nan, -2.0])
    assert found["c"].tolist() == ["a", None, "b"]
    assert found["d"].dtype == np.dtype("datetime64[D]")
    assert found["d"][0] == np.datetime64("2024-01-31")
    assert np.isnat(found["d"][1])
    np.testing.assert_array_equal(found["b"], [1.0, 0.0, np.nan])
    assert found["_row"].tolist() == [2, 3, 4]
    assert found["_row"].dtype == np.int64
    assert found["n"].flags.writeable


def test_batches_add_up_and_can_begin_anywhere() -> None:
    source = stored().stored
    assert row_count(source) == 3
    whole = [row for batch in iter_batches(source, ["_row"], 2) for row in batch["_row"]]
    assert whole == [2, 3, 4]
    for first in range(4):
        rest = [
            row
            for batch in iter_batches(source, ["_row"], 2, first_row=first)
            for row in batch["_row"]
        ]
        assert rest == whole[first:]


def test_reading_refuses_what_is_not_there() -> None:
    with pytest.raises(IntakeError) as refused:
        read_columns(stored().stored, ["nope"], CONTRACT)
    assert refused.value.code == "columns_missing"
    with pytest.raises(IntakeError) as refused:
        read_columns(io.BytesIO(b"no parquet"), ["n"], CONTRACT)
    assert refused.value.code == "damaged_file"


def flags(column: ColumnContract, values: list[object]) -> list[float]:
    array = np.array(values, dtype=float if column.type is not ColumnType.TEXT else object)
    return bad_flags(array, column).tolist()


def test_bad_and_good_by_either_side() -> None:
    nan = float("nan")
    assert flags(integer("t", bad_values=(1,)), [1, 0, 2, nan])[:3] == [1, 0, 0]
    assert flags(integer("t", good_values=("1",)), [1, 0, 2, nan])[:3] == [0, 1, 1]
    both = bad_flags(np.array([1, 0, 2, nan]), integer("t", bad_values=(1,), good_values=(0,)))
    np.testing.assert_array_equal(both, [1, 0, nan, nan])
    coded = bad_flags(
        np.array([1.0, 0.0, -9.0]), integer("t", bad_values=(1,), special_codes={"-9": ""})
    )
    np.testing.assert_array_equal(coded, [1, 0, nan])
    assert flags(text("t", bad_values=("bad",)), ["bad", "good"]) == [1, 0]
    truth = ColumnContract(name="t", type=ColumnType.BOOLEAN, bad_values=("yes",))
    assert flags(truth, [1, 0]) == [1, 0]
    with pytest.raises(ValueError, match="neither"):
        bad_flags(np.array([1.0]), integer("t"))


FORMULAS = ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "＝1", '=HYPERLINK("http://x")']
PLAIN = ["-12.5", "+3", "a=b", "-", "", "客户"]


def table() -> io.BytesIO:
    source = io.BytesIO()
    texts = FORMULAS + PLAIN
    frame = pl.DataFrame(
        {
            "t": texts,
            "=n": [-1.5 * i for i in range(len(texts))],
            "d": [date(2024, 1, 1)] * len(texts),
        }
    )
    frame.write_parquet(source)
    source.seek(0)
    return source


def test_csv_holds_no_live_formula_and_numbers_stay_numbers() -> None:
    target = io.BytesIO()
    rows = export_csv(table(), target)
    content = target.getvalue()
    assert content.startswith(b"\xef\xbb\xbf")
    read = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert read[0] == ["t", "'=n", "d"]
    assert [row[0] for row in read[1:]] == [f"'{f}" for f in FORMULAS] + [
        "-12.5",
        "+3",
        "a=b",
        "'-",
        "",
        "客户",
    ]
    assert read[2][1] == "-1.5"
    assert rows == len(read) - 1


def test_workbooks_hold_no_formula_either() -> None:
    target = io.BytesIO()
    export_xlsx(table(), target)
    sheet = load_workbook(io.BytesIO(target.getvalue())).active
    assert sheet is not None
    kinds = {cell.data_type for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    assert sheet["B3"].value == -1.5
    assert sheet["A2"].value == "'=1+1"


def test_a_quarantine_file_can_be_downloaded() -> None:
    done = run(b"n,x\n=cmd(),1\n5,2\n", contract_of(integer("n"), decimal("x")))
    source = io.BytesIO()
    done.bad.write_parquet(source)
    target = io.BytesIO()
    export_csv(source, target)
    read = list(csv.DictReader(io.StringIO(target.getvalue().decode("utf-8-sig"))))
    assert read[0]["_row"] == "2"
    assert read[0]["value"] == "'=cmd()"
    assert read[0]["record"] == "'=cmd(),1"
