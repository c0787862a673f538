"""Conversion: every row on one side or the other, typed, numbered as in the source."""

import gzip
import io
from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xlsxwriter import Workbook

from datasets.choices import ColumnType, FileKind, Privacy, Role
from datasets.contracts import ColumnContract, DataContract, SourceFormat
from datasets.engine import Limits, convert, inspect
from datasets.engine.errors import BadContract, ColumnsMissing, EmptyFile, RowTooLong, SheetMissing
from tests.datasets_engine.samples import contract_of, decimal, integer, run, text, written


def test_rows_bear_the_number_they_have_in_the_file() -> None:
    data = b'a,b\n1,x\n\n2,"two\nlines"\n3,y\nbad\n4,z\n'
    done = run(data, contract_of(integer("a"), text("b")))
    assert done.good["_row"].to_list() == [2, 4, 5, 7]
    assert done.bad["_row"].to_list() == [6]
    assert done.summary.rows_blank == 1
    assert done.reason_of(6) == "ragged_row"


def test_rows_of_a_file_without_header_begin_at_one() -> None:
    done = run(b"1,x\n2,y\n", contract_of(integer("column_1"), text("column_2"), header_row=0))
    assert done.good["_row"].to_list() == [1, 2]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b"1,2,3,4", "ragged_row"),
        (b"1,2", "ragged_row"),
        (b"x,2,3", "untypable"),
        (b"1,inf,3", "not_finite"),
        (b"1,nan,3", "not_finite"),
        (b"1,1e309,3", "not_finite"),
        (b"1,101,3", "out_of_range"),
        (b"1,-1,3", "out_of_range"),
        (b",2,3", "missing_required"),
        (b"1,2,green", "not_allowed"),
        (b"1,\x00,3", "nul_byte"),
        (b"1,2,\xff\xfe", "bad_encoding"),
        (b",,", "empty_row"),
        (b"7,2,3", "duplicate_key"),
        (b"1.5,2,3", "untypable"),
        (b"99999999999999999999,2,3", "untypable"),
    ],
)
def test_each_fault_has_its_reason_and_row(row: bytes, reason: str) -> None:
    contract = contract_of(
        integer("a", required=True),
        decimal("b", min=0, max=100, special_codes={"-9": "no file"}),
        text("c", allowed=("3", "red")),
        keys=("a",),
    )
    done = run(b"a,b,c\n7,1,red\n" + row + b"\n8,-9,3\n", contract)
    assert done.good["_row"].to_list() == [2, 4]
    assert done.bad["_row"].to_list() == [3]
    assert done.reason_of(3) == reason
    assert done.summary.reasons == {reason: 1}


def test_special_codes_stay_numbers_and_pass_the_range() -> None:
    column = integer("n", min=0, special_codes={"-9": "none"}, text_codes={"REFUSED": -9})
    done = run(b"n\n5\n-9\nREFUSED\n-8\n", contract_of(column))
    assert done.good["n"].to_list() == [5, -9, -9]
    assert done.reason_of(5) == "out_of_range"


def test_numbers_as_people_write_them() -> None:
    contract = contract_of(
        decimal("n"), decimal("p", percent=True), thousands=",", parentheses_negative=True
    )
    data = written(
        [
            ["n", "p"],
            ["1,234,567.5", "12.5%"],
            ["(1,000)", "-3 %"],
            ["\u22127", "0%"],
            ["1,23", "1%"],
            ["5", "0.5"],
        ]
    )
    done = run(data, contract)
    assert done.good["n"].to_list() == [1234567.5, -1000.0, -7.0]
    assert done.good["p"].to_list() == pytest.approx([0.125, -0.03, 0.0])
    assert done.bad["_row"].to_list() == [5, 6]


def test_a_decimal_comma_does_not_read_thousands_as_fractions() -> None:
    contract = contract_of(decimal("n"), delimiter=";", decimal=",", thousands=".")
    done = run(b"n\n1.234,5\n1.234\n7,25\n1.23\n", contract)
    assert done.good["n"].to_list() == [1234.5, 1234.0, 7.25]
    assert done.reason_of(5) == "untypable"


def test_a_decimal_comma_without_thousands_refuses_points() -> None:
    done = run(b"n\n1,5\n1.234\n", contract_of(decimal("n"), delimiter=";", decimal=","))
    assert done.good["n"].to_list() == [1.5]


def test_dates_moments_and_truth() -> None:
    contract = contract_of(
        ColumnContract(name="d", type=ColumnType.DATE, formats=("%d/%m/%Y",), min="2000-01-01"),
        ColumnContract(name="t", type=ColumnType.DATETIME),
        ColumnContract(name="b", type=ColumnType.BOOLEAN),
    )
    data = (
        b"d,t,b\n31/01/2024,2024-01-31 10:00:00,yes\n2024-02-29,2024-01-31T10:00:00+08:00,0\n"
        b"30/02/2024,2024-01-31,true\n31/12/1999,2024-01-31,true\n"
    )
    done = run(data, contract)
    assert done.good["d"].to_list() == [date(2024, 1, 31), date(2024, 2, 29)]
    moments = [datetime(2024, 1, 31, 10, tzinfo=UTC), datetime(2024, 1, 31, 2, tzinfo=UTC)]
    assert done.good["t"].to_list() == moments
    assert done.good["b"].to_list() == [True, False]
    assert [done.reason_of(4), done.reason_of(5)] == ["untypable", "out_of_range"]


def test_a_value_past_the_trailing_delimiter_is_a_shifted_row() -> None:
    contract = contract_of(text("a"), text("b"), trailing_delimiter=True)
    done = run(b"a,b,\n1,2,\n1,2,3\n4,5,\n", contract)
    assert done.good["a"].to_list() == ["1", "4"]
    assert done.reason_of(3) == "shifted_row"


def test_keys_repeat_across_blocks_and_columns() -> None:
    rows = [["id", "part", "x"], *([str(i // 2), str(i % 2), "v"] for i in range(4_000))]
    rows += [["17", "1", "again"], ["17", "2", "new"]]
    limits = Limits(block_bytes=4_096, row_bytes=1_024)
    done = run(
        written(rows),
        contract_of(integer("id"), text("part"), text("x"), keys=("id", "part")),
        limits=limits,
    )
    assert done.bad["_row"].to_list() == [4_002]
    assert done.summary.reasons == {"duplicate_key": 1}
    assert done.summary.rows_good == 4_001


def test_columns_are_found_by_name_and_extra_ones_are_named() -> None:
    done = run(b"z,b,a\n9,x,1\n", contract_of(integer("a"), text("b")))
    assert done.good.row(0, named=True) == {"_row": 2, "a": 1, "b": "x"}
    assert done.summary.extra_columns == ("z",)


def test_missing_columns_refuse_the_file() -> None:
    with pytest.raises(ColumnsMissing) as refused:
        run(b"a\n1\n", contract_of(integer("a"), text("b")))
    assert refused.value.facts["columns"] == ["b"]


def test_a_header_alone_is_no_row() -> None:
    done = run(b"a,b\n", contract_of(integer("a"), text("b")))
    assert done.summary.rows_in == 0
    assert done.good.columns == ["_row", "a", "b"]


def test_empty_files_are_refused() -> None:
    with pytest.raises(EmptyFile):
        run(b"", contract_of(integer("a")))


def test_four_byte_characters_and_crlf_and_bom() -> None:
    data = '\ufeffa,b\r\n1,😀客\r\n2,"x\r\ny"\r\n'.encode()
    done = run(data, contract_of(integer("a"), text("b")))
    assert done.good["b"].to_list() == ["😀客", "x\r\ny"]


def test_a_character_cut_between_reads_is_whole_again() -> None:
    body = "a\n" + "客户😀é\n" * 5_000
    for encoding in ("utf-8", "gb18030", "utf-16"):
        limits = Limits(block_bytes=1_001, row_bytes=1_000)
        done = run(body.encode(encoding), contract_of(text("a"), encoding=encoding), limits=limits)
        assert done.good["a"].unique().to_list() == ["客户😀é"]
        assert done.summary.rows_good == 5_000


def test_undecodable_bytes_in_a_legacy_encoding_cost_their_row_only() -> None:
    data = "a,b\n1,客户\n".encode("gb18030") + b"2,\xff\xff\n" + "3,名称\n".encode("gb18030")
    done = run(data, contract_of(text("a"), text("b"), encoding="gb18030"))
    assert done.good["b"].to_list() == ["客户", "名称"]
    assert done.reason_of(3) == "bad_encoding"


def test_a_row_beyond_the_limit_refuses_the_file() -> None:
    limits = Limits(row_bytes=1_000, block_bytes=4_096)
    for long_row in (b"x" * 5_000, b'"' + b"x" * 5_000 + b'"', b"y" * 2_000):
        with pytest.raises(RowTooLong):
            run(b"a\n1\n" + long_row + b"\n2\n", contract_of(text("a")), limits=limits)


def test_progress_is_told_and_can_stop_the_work() -> None:
    rows = written([["a"], *([str(i)] for i in range(20_000))])
    seen: list[tuple[int, int, int]] = []
    limits = Limits(block_bytes=8_192, row_bytes=1_024)
    contract = contract_of(integer("a"))
    run(rows, contract, limits=limits, progress=lambda *told: seen.append(told))
    assert seen[-1] == (len(rows), len(rows), 20_000)
    assert [told[0] for told in seen] == sorted(told[0] for told in seen)

    class Cancelled(Exception):
        pass

    def cancel(*_: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        convert(
            io.BytesIO(rows), contract, io.BytesIO(), io.BytesIO(), progress=cancel, limits=limits
        )


def test_prohibited_columns_are_not_stored() -> None:
    contract = contract_of(integer("a"), text("blood", role=Role.PROHIBITED))
    done = run(b"a,blood\n1,secret-AB\nx,secret-0\n", contract)
    assert done.good.columns == ["_row", "a"]
    assert done.summary.withheld == ("blood",)
    assert "secret" not in str(done.bad.to_dicts())


def test_ignored_columns_refuse_no_row() -> None:
    done = run(b"a,n\n1,x\n2,5\n", contract_of(integer("a"), integer("n", role=Role.IGNORE)))
    assert done.good["n"].to_list() == ["x", "5"]


def test_identity_values_are_nowhere_in_clear() -> None:
    contract = contract_of(
        text("phone", privacy=Privacy.IDENTITY, role=Role.ID, pattern=r"\d{11}"),
        integer("n"),
        text("note", privacy=Privacy.RESTRICTED),
    )

    def encrypt(
        column: str, values: list[str | None]
    ) -> tuple[list[bytes | None], list[bytes | None]]:
        assert column == "phone"
        seal = [None if v is None else b"c" + v[::-1].encode() for v in values]
        return seal, [None if v is None else b"i" + v[:2].encode() for v in values]

    rows = b"phone,n,note\n13800000001,1,ok\n13800000002,x,private\nbadphone99,2,y\n13800000003,4,z,ragged\n"
    done = run(rows, contract, encrypt_identity=encrypt)
    assert done.good["phone"].to_list() == [b"c10000000831"]
    assert done.good["phone__bidx"].to_list() == [b"i13"]
    shown = str(done.bad.to_dicts())
    assert sorted(done.bad["_row"].to_list()) == [3, 4, 5]
    for secret in ("13800000002", "private", "badphone99", "13800000003"):
        assert secret not in shown
    with pytest.raises(BadContract):
        run(rows, contract)


def test_excel_is_read_like_text(tmp_path: object) -> None:
    book = io.BytesIO()
    frame = pl.DataFrame(
        {
            "id": [1, 2, 3],
            "amount": [1.5, None, 2.0],
            "opened": [date(2024, 1, 31), date(2024, 2, 29), None],
            "name": ["=1+1", "客户", "x"],
            "ok": [True, False, True],
        }
    )
    frame.write_excel(book)
    found = inspect(book)
    kinds = [column.type for column in found.contract.columns]
    assert kinds == ["integer", "decimal", "date", "category", "boolean"]
    done = run(book.getvalue(), found.contract)
    assert done.good["_row"].to_list() == [2, 3, 4]
    assert done.good.drop("_row").rows() == frame.rows()


def test_parquet_is_read_with_its_types() -> None:
    source = io.BytesIO()
    frame = pl.DataFrame(
        {"a": [1, 2, None], "b": [0.5, float("nan"), float("inf")], "c": ["x", "y", "z"]}
    )
    frame.write_parquet(source)
    done = run(source.getvalue(), inspect(source).contract)
    assert done.good["a"].to_list() == [1, 2]
    assert done.good["b"].to_list() == [0.5, None]
    assert done.reason_of(3) == "not_finite"


def test_the_wrong_kind_of_file_is_refused() -> None:
    source = io.BytesIO()
    pl.DataFrame({"a": [1]}).write_parquet(source)
    with pytest.raises(Exception, match="expected") as refused:
        run(source.getvalue(), contract_of(integer("a")))
    assert refused.value.code == "unsupported_format"  # type: ignore[attr-defined]


def test_gzip_is_noticed_by_content() -> None:
    done = run(gzip.compress(b"a\n1\n2\n"), contract_of(integer("a")))
    assert done.good["a"].to_list() == [1, 2]


CELL = st.one_of(
    st.sampled_from(
        ["1", "-9", "2.5", "x", "", "NA", "1e308", "inf", '"q"', '"', "a,b", "=1", "\0", "é"]
    ),
    st.text(alphabet=st.sampled_from(list('01.,-"\n\r\t aé客\0')), max_size=5),
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.lists(CELL, min_size=1, max_size=4), max_size=12),
    st.sampled_from(["\n", "\r\n"]),
    st.integers(min_value=60, max_value=400),
    st.binary(max_size=3),
)
def test_no_row_is_lost_whatever_the_file(
    rows: list[list[str]], line_end: str, block: int, noise: bytes
) -> None:
    body = line_end.join(",".join(row) for row in rows).encode() + noise
    contract = contract_of(integer("a"), decimal("b"), text("c"))
    small = Limits(block_bytes=block, row_bytes=10_000)
    first = run(b"a,b,c\n" + body, contract, limits=small)
    whole = run(b"a,b,c\n" + body, contract)
    assert first.good.equals(whole.good)
    assert first.bad.equals(whole.bad)
    total = first.summary.rows_in + first.summary.rows_blank
    rows_seen = {*first.good["_row"].to_list(), *first.bad["_row"].to_list()}
    assert max(rows_seen, default=1) <= total + 1


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
            st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
            st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc", "Cn"]), min_size=1).map(
                lambda value: value.strip() or "x"
            ),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_values_come_back_bit_for_bit(rows: list[tuple[int | None, float | None, str]]) -> None:
    table = [["a", "b", "c"]]
    table += [
        ["" if v is None else repr(v) if isinstance(v, float) else str(v) for v in row]
        for row in rows
    ]
    done = run(
        written(table), contract_of(integer("a"), decimal("b"), text("c", null_tokens=("",)))
    )
    assert done.summary.rows_quarantined == 0
    assert done.good.drop("_row").rows() == rows


def test_a_format_seen_by_sniffing_replaces_the_contracts_own() -> None:
    contract = DataContract(name="x", columns=(integer("a"), text("b")))
    seen = SourceFormat(kind=FileKind.TEXT, delimiter=";", encoding="gb18030")
    done = run("a;b\n1;客户\n".encode("gb18030"), contract, source_format=seen)
    assert done.good["b"].to_list() == ["客户"]


def test_excel_rows_keep_their_numbers_wherever_the_table_stands() -> None:
    book = io.BytesIO()
    workbook = Workbook(book)
    sheet = workbook.add_worksheet("Loans")
    sheet.write_row(3, 2, ["id", "amount"])
    sheet.write_row(4, 2, [1, 10.5])
    sheet.write_row(6, 2, [2, "x"])
    sheet.write_row(7, 2, [3, 0.25])
    workbook.close()
    found = inspect(book)
    assert (found.format.sheet, found.format.header_row) == ("Loans", 4)
    contract = contract_of(integer("id"), decimal("amount"), kind=FileKind.XLSX, header_row=4)
    done = run(book.getvalue(), contract)
    assert done.good.rows() == [(5, 1, 10.5), (8, 3, 0.25)]
    assert (done.bad["_row"].to_list(), done.summary.rows_blank) == ([7], 1)


def test_a_sheet_that_is_not_there_is_named() -> None:
    book = io.BytesIO()
    pl.DataFrame({"a": [1]}).write_excel(book)
    with pytest.raises(SheetMissing):
        run(book.getvalue(), contract_of(integer("a"), kind=FileKind.XLSX, sheet="Missing"))
