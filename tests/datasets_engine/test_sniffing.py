"""What a file is: by its content, in every usual encoding and dialect, and refused when hostile."""

import bz2
import gzip
import io

import polars as pl
import pytest

from datasets.choices import Compression, FileKind
from datasets.contracts import IntakeError
from datasets.engine import Limits, sniff

CHINESE = "客户编号,姓名,逾期天数,所在城市\n" + "".join(
    f"{i},张三丰,{i % 30},北京市朝阳区\n" for i in range(60)
)
FRENCH = "numéro;prénom;ville;crédit\n" + "".join(
    f"{i};François;Besançon-lès-Nîmes;{i},50\n" for i in range(60)
)
JAPANESE = "番号,氏名,住所\n" + "".join(f"{i},山田太郎さん,東京都のまちです\n" for i in range(60))


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("gb18030", "gb18030"),
        ("gbk", "gb18030"),
    ],
)
def test_chinese_files_are_read_in_their_encoding(encoding: str, expected: str) -> None:
    found = sniff(io.BytesIO(CHINESE.encode(encoding)))
    assert found.encoding == expected
    assert found.names == ("客户编号", "姓名", "逾期天数", "所在城市")


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_western_files_read_well(encoding: str) -> None:
    found = sniff(io.BytesIO(FRENCH.encode(encoding)))
    assert found.names == ("numéro", "prénom", "ville", "crédit")
    assert found.delimiter == ";"


def test_two_accents_in_a_small_file_are_not_taken_for_damage() -> None:
    found = sniff(
        io.BytesIO("prénom,ville\nRené,Orléans\nAnaïs,Nîmes\nZoé,Besançon\n".encode("latin-1"))
    )
    assert found.names == ("prénom", "ville")


def test_utf8_with_a_few_broken_bytes_stays_utf8() -> None:
    data = CHINESE.encode().replace("张三丰".encode(), b"\xff\xfe", 2)
    assert sniff(io.BytesIO(data)).encoding == "utf-8"


@pytest.mark.parametrize(
    ("encoding", "line"),
    [("cp1251", "номер,город,Москва и Тверь\n"), ("big5", "編號,姓名,臺北市信義區\n")],
)
def test_further_code_pages(encoding: str, line: str) -> None:
    data = (line + line.replace("номер", "1").replace("編號", "1") * 40).encode(encoding)
    assert sniff(io.BytesIO(data)).names == tuple(line.strip().split(","))


def test_shift_jis_is_detected() -> None:
    found = sniff(io.BytesIO(JAPANESE.encode("shift_jis")))
    assert found.names == ("番号", "氏名", "住所")


def test_an_encoding_that_shows_only_late_in_the_file_is_seen() -> None:
    head = "id,name\n" + "".join(f"{i},plain\n" for i in range(200_000))
    data = head.encode() + "".join(f"{i},客户名称\n" for i in range(60_000)).encode("gb18030")
    assert sniff(io.BytesIO(data)).encoding == "gb18030"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(delimiter: str) -> None:
    rows = [
        ["a", "b", "c"],
        *([str(i), "x,y;z" if delimiter not in ",;" else "x y", "2"] for i in range(9)),
    ]
    data = "\n".join(delimiter.join(row) for row in rows).encode()
    found = sniff(io.BytesIO(data))
    assert (found.delimiter, found.names) == (delimiter, ("a", "b", "c"))


def test_decimal_commas_do_not_win_over_the_semicolon() -> None:
    found = sniff(io.BytesIO(b"amount;rate\n1,50;2,25\n3,75;4,50\n"))
    assert found.delimiter == ";"


def test_repeated_and_empty_names_become_usable() -> None:
    found = sniff(io.BytesIO(b"a,,a,_row, b  c ,a\n1,2,3,4,5,6\n7,8,9,1,2,3\n"))
    assert found.names == ("a", "column_2", "a_2", "_row_2", "b c", "a_3")


def test_a_file_without_header_gets_numbered_names() -> None:
    found = sniff(io.BytesIO(b"1,2.5,2024-01-01\n2,3.5,2024-01-02\n3,1.5,2024-01-03\n"))
    assert found.header_row == 0
    assert found.names == ("column_1", "column_2", "column_3")


def test_title_lines_above_the_header_are_skipped() -> None:
    found = sniff(io.BytesIO(b"Loan tape 2024\n\nid,amount,bad\n1,2,0\n2,3,1\n3,3,1\n"))
    assert (found.header_row, found.names) == (3, ("id", "amount", "bad"))


@pytest.mark.parametrize("data", [b"a,b,\n1,2,\n3,4,\n", b"a,b\n1,2,\n3,4,\n"])
def test_a_trailing_delimiter_is_no_column(data: bytes) -> None:
    found = sniff(io.BytesIO(data))
    assert (found.trailing_delimiter, found.names) == (True, ("a", "b"))


def test_old_macintosh_line_ends() -> None:
    assert sniff(io.BytesIO(b"a,b\r1,2\r3,4\r")).names == ("a", "b")


def test_content_decides_and_not_the_name(tmp_path: object) -> None:
    buffer = io.BytesIO()
    pl.DataFrame({"a": [1]}).write_parquet(buffer)
    assert sniff(buffer).kind is FileKind.PARQUET
    book = io.BytesIO()
    pl.DataFrame({"a": [1], "b": ["x"]}).write_excel(book)
    found = sniff(book)
    assert (found.kind, found.names) == (FileKind.XLSX, ("a", "b"))
    packed = sniff(io.BytesIO(gzip.compress(b"a;b\n1;2\n", mtime=0)))
    assert (packed.compression, packed.delimiter) == (Compression.GZIP, ";")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"\n\n  \n", "empty_file"),
        (b"\xef\xbb\xbf", "empty_file"),
        (b"%PDF-1.7 ...", "unsupported_format"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "unsupported_format"),
        (bz2.compress(b"a,b\n1,2\n"), "unsupported_format"),
        (bytes(range(256)) * 20, "unsupported_format"),
        (b"PK\x03\x04 and then nothing", "damaged_file"),
        (b"PAR1 and then nothing PAR1", "damaged_file"),
        (gzip.compress(b"", mtime=0), "empty_file"),
        (gzip.compress(b"a,b\n1,2\n" * 5000, mtime=0)[:-20], "damaged_file"),
    ],
)
def test_refusals_carry_a_code(data: bytes, code: str) -> None:
    with pytest.raises(IntakeError) as refused:
        sniff(io.BytesIO(data))
    assert refused.value.code in (
        code,
        "unknown_encoding" if code == "unsupported_format" else code,
    )


def test_a_million_columns_are_refused() -> None:
    with pytest.raises(IntakeError) as refused:
        sniff(io.BytesIO(b"c," * 1_000_000 + b"\n"))
    assert refused.value.code == "too_many_columns"


def test_one_endless_row_is_refused_at_once() -> None:
    with pytest.raises(IntakeError) as refused:
        sniff(io.BytesIO(b"x" * 5_000_000))
    assert refused.value.code == "row_too_long"


def test_a_file_beyond_the_size_limit_is_refused() -> None:
    with pytest.raises(IntakeError) as refused:
        sniff(io.BytesIO(b"a,b\n1,2\n"), limits=Limits(max_bytes=4))
    assert refused.value.code == "file_too_large"
