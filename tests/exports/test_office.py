"""Every kind of export opened in LibreOffice without a screen: no cell computes, numbers are numbers."""

import io
import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from charts.table import Table
from datasets.engine.quarantine import export_csv, export_xlsx
from scoring.services.batch_files import csv_stream, write_chunk
from tests.exports.injections import LIVE, PLAIN

pytestmark = pytest.mark.soak
CELL = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}table-cell"
FORMULA = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}formula"
VALUE_TYPE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}value-type"
VALUE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}value"
# Comma, double quote, UTF-8, first line 1, all columns as the program guesses; quoted text is not forced to text.
CSV_FILTER = "CSV:44,34,76,1,,0,false,true,false"
# What a control character does inside a cell is the file format's affair; the rule's own test has them all.
TEXTS = tuple(text for text in (*LIVE, *PLAIN) if text.isprintable() and text)
NUMBERS = tuple(-1.5 * (place + 1) for place in range(len(TEXTS)))


@pytest.fixture(scope="module")
def office(tmp_path_factory) -> Path:
    """A profile of its own, so that no other LibreOffice is asked. Installs the program when root and absent."""
    subprocess.run(["sh", "scripts/ensure_office"], check=True)
    return tmp_path_factory.mktemp("office")


def cells(office: Path, path: Path) -> Iterator[dict[str, str]]:
    """Attributes of every cell, as LibreOffice understood the file."""
    filters = [f"--infilter={CSV_FILTER}"] if path.suffix == ".csv" else []
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{office}/profile", "--headless", *filters,
         "--convert-to", "fods", "--outdir", str(office), str(path)],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    tree = ElementTree.parse(office / f"{path.stem}.fods")
    for cell in tree.iter(CELL):
        yield dict(cell.attrib)


def parquet() -> io.BytesIO:
    source = io.BytesIO()
    pl.DataFrame({"text": TEXTS, "=number": NUMBERS}).write_parquet(source)
    source.seek(0)
    return source


def chart_csv(folder: Path) -> Path:
    table = Table(header=("text", "=number"), rows=tuple(zip(TEXTS, NUMBERS, strict=True)))
    path = folder / "chart.csv"
    path.write_text(table.csv(), newline="")
    return path


def dataset_csv(folder: Path) -> Path:
    path = folder / "dataset.csv"
    with path.open("wb") as target:
        export_csv(parquet(), target)
    return path


def dataset_workbook(folder: Path) -> Path:
    path = folder / "dataset.xlsx"
    with path.open("wb") as target:
        export_xlsx(parquet(), target)
    return path


@pytest.mark.parametrize("made", [chart_csv, dataset_csv, dataset_workbook])
def test_no_cell_computes_and_numbers_are_numbers(office, tmp_path, made):
    found = list(cells(office, made(tmp_path)))
    assert [cell[FORMULA] for cell in found if FORMULA in cell] == []
    floats = [float(cell[VALUE]) for cell in found if cell.get(VALUE_TYPE) == "float"]
    assert floats == list(NUMBERS)


def test_a_batch_file_computes_nothing_either(office, tmp_path, bank):
    path = "scoring/batches/office.parquet"
    rows = list(range(-len(TEXTS), 0))
    write_chunk(path, pa.table({"row": rows, "key_name": list(TEXTS)}))
    file = tmp_path / "batch.csv"
    file.write_bytes(b"".join(csv_stream([path])))
    found = list(cells(office, file))
    assert [cell[FORMULA] for cell in found if FORMULA in cell] == []
    assert [float(cell[VALUE]) for cell in found if cell.get(VALUE_TYPE) == "float"] == rows


def test_the_same_texts_unguarded_do_compute(office, tmp_path):
    path = tmp_path / "open.csv"
    path.write_text("".join(f'"{text.replace(chr(34), chr(34) * 2)}"\n' for text in TEXTS))
    live = [cell for cell in cells(office, path) if FORMULA in cell]
    assert len(live) == sum(text.startswith("=") for text in TEXTS)
