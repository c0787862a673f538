"""Public data: verified bytes or a clear message, without a network."""

import hashlib
import io
import subprocess
import tarfile
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import public_data
from benchmarks.public_data import PublicDataError

TEXT = (
    b"id,age,job,bad\r\n1,30,clerk,1\r\n2,,nurse,0\r\n3,x\r\n4,50,,0\r\n5,60,clerk,9\r\n6,1,a,1\r\n"
)


def archive(path, member: str, content: bytes) -> None:
    with tarfile.open(path, "w:gz") as tar:
        info = tarfile.TarInfo(member)
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))


@pytest.fixture
def tiny(monkeypatch):
    digest = hashlib.sha256(TEXT).hexdigest()
    entry = replace(
        public_data.describe("german"),
        name="tiny",
        archive="tiny-1.tar.gz",
        member="tiny/data.csv",
        member_sha256=digest,
        text_sha256=digest,
        filename="tiny.csv",
        rows=4,
        target="bad",
        bad_value="1",
        id_column="id",
    )
    monkeypatch.setitem(public_data._DATASETS, "tiny", entry)

    def offline(command, **_):
        return subprocess.CompletedProcess(command, 1, "", "ERROR: no route to host")

    monkeypatch.setattr(public_data.subprocess, "run", offline)
    return entry


def test_an_archive_that_lies_there_is_used_and_verified(tiny, tmp_path):
    archive(tmp_path / tiny.archive, tiny.member, TEXT)
    path = public_data.fetch("tiny", tmp_path)
    assert path.read_bytes() == TEXT
    (tmp_path / tiny.archive).unlink()
    assert public_data.fetch("tiny", tmp_path) == path


def test_columns_are_typed_and_shifted_rows_left_out(tiny, tmp_path):
    archive(tmp_path / tiny.archive, tiny.member, TEXT)
    columns, y = public_data.load("tiny", tmp_path)
    assert list(columns) == ["age", "job"]
    assert np.array_equal(columns["age"], [30.0, np.nan, 50.0, 1.0], equal_nan=True)
    assert columns["job"].tolist() == ["clerk", "nurse", None, "a"]
    assert y.tolist() == [1, 0, 0, 1]


def test_offline_says_what_to_do(tiny, tmp_path):
    said = []
    with pytest.raises(PublicDataError, match=r"no route to host.*put tiny-1\.tar\.gz into"):
        public_data.fetch("tiny", tmp_path, say=said.append)
    assert len(said) == 1
    assert tiny.licence_note in said[0]
    assert list(tmp_path.iterdir()) == []


def test_a_changed_member_is_refused(tiny, tmp_path):
    archive(tmp_path / tiny.archive, tiny.member, TEXT + b"7,1,a,1\r\n")
    with pytest.raises(PublicDataError, match="checksum"):
        public_data.fetch("tiny", tmp_path)
    assert not (tmp_path / tiny.filename).exists()


def test_a_spoilt_text_is_taken_from_the_archive_again(tiny, tmp_path):
    archive(tmp_path / tiny.archive, tiny.member, TEXT)
    (tmp_path / tiny.filename).write_bytes(b"spoilt")
    assert public_data.fetch("tiny", tmp_path).read_bytes() == TEXT


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_cut_archive_is_named(tiny, tmp_path, share):
    path = tmp_path / tiny.archive
    archive(path, tiny.member, TEXT * 1000)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(PublicDataError, match="cannot be read"):
        public_data.fetch("tiny", tmp_path)


def test_an_unknown_name_lists_the_known():
    with pytest.raises(PublicDataError, match="german, taiwan, gmsc, pakdd2009, bankmkt"):
        public_data.describe("atlantis")


def test_every_entry_is_complete():
    for name in public_data.names():
        entry = public_data.describe(name)
        assert len(entry.member_sha256) == len(entry.text_sha256) == 64
        assert entry.rows > 0
        assert entry.source
        assert entry.licence_note
