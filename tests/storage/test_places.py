"""What is special to one place: drafts of a folder, and storages that are neither."""

import os
import subprocess
import sys

import pytest
from django.core.files.storage import InMemoryStorage

from core import storage
from core.storage import publishing
from tests.storage.conftest import Folder


def _write(path: str, content: bytes, *, overwrite: bool = False) -> None:
    with storage.open_writer(path, overwrite=overwrite) as writer:
        writer.write(content)


def _read_all(path: str) -> bytes:
    with storage.open_reader(path) as reader:
        return reader.read()


def test_drafts_of_killed_writers_are_swept_and_those_at_work_are_not(bank, folder: Folder) -> None:
    killed = "import sys; from pathlib import Path; Path(sys.argv[1]).write_bytes(b'half')"
    draft = folder.root / publishing.DRAFTS / "tmpkilled"
    draft.parent.mkdir(parents=True)
    subprocess.run([sys.executable, "-c", killed, str(draft)], check=True)
    writer = storage.open_writer("x")
    os.utime(draft, (0, 0))
    assert storage.remove_old_drafts() == 1
    writer.write(b"whole")
    writer.close()
    assert folder.names() == [f"{bank.schema}/x"]


def test_a_storage_without_local_paths_works_the_same(bank, monkeypatch) -> None:
    """As with an object store: nothing but Django's common interface is used."""
    remote = InMemoryStorage()
    monkeypatch.setattr(publishing, "storage", lambda: remote)
    content = os.urandom(300_000)
    _write("a/x", content)
    assert _read_all("a/x") == content
    with pytest.raises(FileExistsError):
        _write("a/x", b"second")
    assert _read_all("a/x") == content
    _write("a/x", b"third", overwrite=True)
    assert _read_all("a/x") == b"third"
    storage.delete("a/x")
    assert not storage.exists("a/x")
