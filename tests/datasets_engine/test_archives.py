"""Archives that grow: refused from the directory, while inflating, and by cell address."""

import gzip
import io
import zipfile

import polars as pl
import pytest

from datasets.engine import Limits, convert, sniff
from datasets.engine.errors import IntakeError
from tests.datasets_engine.samples import contract_of, text

SHEET = (
    '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    "<sheetData>{rows}</sheetData></worksheet>"
)


def workbook(sheet: str, padding: bytes = b"") -> bytes:
    """A workbook whose only sheet is the given XML, with a stray member if wanted."""
    plain, out = io.BytesIO(), io.BytesIO()
    pl.DataFrame({"a": ["x"]}).write_excel(plain)
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            is_sheet = member.filename == "xl/worksheets/sheet1.xml"
            new.writestr(member.filename, sheet if is_sheet else old.read(member))
        if padding:
            new.writestr("xl/media/big.bin", padding)
    return out.getvalue()


def code_of(data: bytes, limits: Limits = Limits()) -> str:  # noqa: B008
    with pytest.raises(IntakeError) as refused:
        sniff(io.BytesIO(data), limits=limits)
    return refused.value.code


def test_a_small_workbook_passes() -> None:
    sheet = SHEET.format(rows='<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row>')
    assert sniff(io.BytesIO(workbook(sheet))).names == ("a",)


def test_a_bomb_is_seen_in_the_directory() -> None:
    assert code_of(workbook(SHEET.format(rows=""), padding=b"\0" * 60_000_000)) == "zip_bomb"


def test_a_directory_that_lies_is_found_out_while_inflating() -> None:
    data = workbook(SHEET.format(rows=""), padding=b"\0" * 60_000_000)
    lie = (60_000_000).to_bytes(4, "little")
    assert data.count(lie) == 2
    assert code_of(data.replace(lie, (1_000).to_bytes(4, "little"))) in ("zip_bomb", "damaged_file")


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        "<row r='1'><c r='A1'><v>1</v></c></row><row r='1048576'><c r = 'xfd1048576'><v>1</v></c></row>",
        "<row r='1'>" + "<c><v>1</v></c>" * 16_384 + "</row><row r='1048576'><c><v>1</v></c></row>",
    ],
)
def test_two_far_cells_do_not_allocate_the_rectangle_between_them(rows: str) -> None:
    assert code_of(workbook(SHEET.format(rows=rows))) == "zip_bomb"


def test_a_cell_address_cut_by_the_read_size_is_still_seen() -> None:
    filler = " " * ((1 << 20) - len(SHEET.format(rows="")) - 20)
    for shift in range(0, 40, 3):
        rows = f'{filler}{" " * shift}<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
        assert code_of(workbook(SHEET.format(rows=rows))) == "zip_bomb"


def test_a_zip_that_is_no_workbook_is_unsupported() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("data.csv", "a,b\n1,2\n")
    assert code_of(out.getvalue()) == "unsupported_format"


def test_a_gzip_bomb_stops_while_it_is_converted() -> None:
    head = b"a\n" + b"x\n" * 10
    data = gzip.compress(head + b"\n" * 80_000_000)
    with pytest.raises(IntakeError) as refused:
        convert(io.BytesIO(data), contract_of(text("a")), io.BytesIO(), io.BytesIO())
    assert refused.value.code == "zip_bomb"


def test_an_honest_gzip_is_converted() -> None:
    data = gzip.compress(b"a\nx\ny\n") + gzip.compress(b"z\n")
    summary = convert(io.BytesIO(data), contract_of(text("a")), io.BytesIO(), io.BytesIO())
    assert summary.rows_good == 3
