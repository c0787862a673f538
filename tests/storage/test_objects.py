"""Files on an object store: two writers, lost answers, bounded memory, and a store that is down or hangs."""

import os
import socket
import time
import tracemalloc

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile

from config.file_stores import s3_options
from core import storage
from core.storage import FileDamaged, StorageUnavailable, publishing
from core.storage.objects import backend as backends
from core.storage.objects import client as clients
from core.storage.objects import upload as uploads
from core.storage.objects.backend import S3Storage
from core.storage.objects.download import RangeReader
from core.storage.objects.upload import PART_BYTES, ObjectUpload
from tests.object_store import BUCKET
from tests.storage.conftest import Bucket

MEBIBYTE = 1024 * 1024


@pytest.fixture
def backend(bucket: Bucket) -> S3Storage:
    chosen = publishing.storage()
    assert isinstance(chosen, S3Storage)
    return chosen


def _upload(bucket: Bucket, name: str, content: bytes) -> ObjectUpload:
    upload = ObjectUpload(bucket.place, name)
    upload.write(content)
    return upload


@pytest.mark.parametrize("size", [10, PART_BYTES, 2 * PART_BYTES + 5])
def test_of_two_writers_of_one_name_one_wins(bucket: Bucket, size: int) -> None:
    contents = [bytes([number]) * size for number in range(2)]
    drafts = [_upload(bucket, "x", content) for content in contents]
    assert "x" not in [n for n in bucket.names() if n not in bucket.uploads()]
    # One after the other: the test server itself judges and writes in two steps.
    drafts[0].publish(overwrite=False)
    with pytest.raises(FileExistsError):
        drafts[1].publish(overwrite=False)
    drafts[1].discard()
    assert bucket.read("x") == contents[0]
    assert bucket.names() == ["x"]


@pytest.mark.parametrize("size", [10, PART_BYTES + 5])
def test_a_lost_answer_to_publishing_is_not_taken_for_another_writer(
    bucket: Bucket, size: int
) -> None:
    """The first attempt succeeded, its answer was lost, and the retry met its own object."""
    upload = _upload(bucket, "x", b"a" * size)
    finish, calls = upload._finish, []

    def twice(condition: dict[str, str]) -> None:
        for _ in range(2):
            calls.append(condition)
            finish(condition)

    upload._finish = twice  # type: ignore[method-assign]
    upload.publish(overwrite=False)
    assert len(calls) == 2
    assert bucket.read("x") == b"a" * size


def test_an_upload_given_up_leaves_no_parts(bank, bucket: Bucket) -> None:
    writer = storage.open_writer("x")
    writer.write(os.urandom(PART_BYTES + MEBIBYTE))
    assert bucket.uploads() == [f"{bank.schema}/x"]
    writer.abort()
    assert bucket.names() == []


def test_uploads_of_killed_writers_are_swept(bank, bucket: Bucket, monkeypatch) -> None:
    _upload(bucket, f"{bank.schema}/x", b"a" * PART_BYTES)
    assert bucket.uploads() != []
    assert storage.remove_old_drafts(older_than_seconds=-10.0) == 1
    assert bucket.names() == []


def test_what_was_published_is_read_at_once_also_after_a_change(bank, bucket: Bucket) -> None:
    for number in range(5):
        storage.put_stream("x", ContentFile(b"%d" % number).file, overwrite=True)
        with storage.open_reader("x") as reader:
            assert reader.read() == b"%d" % number


def test_a_file_replaced_while_it_is_read_is_noticed(bucket: Bucket) -> None:
    bucket.write("x", b"a" * (3 * MEBIBYTE))
    reader = RangeReader(bucket.place, "x")
    assert reader.read(10) == b"a" * 10
    bucket.write("x", b"b" * (3 * MEBIBYTE))
    reader.seek(2 * MEBIBYTE)
    with pytest.raises(FileDamaged):
        reader.read(10)


def test_memory_is_bounded_both_ways(bank, bucket: Bucket) -> None:
    piece = os.urandom(MEBIBYTE)
    tracemalloc.start()
    try:
        with storage.open_writer("big") as writer:
            for _ in range(48):
                writer.write(piece)
        with storage.open_reader("big") as reader:
            assert reader.size == 48 * MEBIBYTE
            while reader.read(MEBIBYTE):
                pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 32 * MEBIBYTE


def test_folders_are_listed_and_deleted_by_prefix(bucket: Bucket, backend: S3Storage) -> None:
    for name in ("bank_a/1", "bank_a/deep/2", "bank_ab/3"):
        backend.save(name, ContentFile(b"x"))
    assert backend.listdir("") == (["bank_a", "bank_ab"], [])
    assert backend.listdir("bank_a") == (["deep"], ["1"])
    assert backend.listdir("none") == ([], [])
    assert backend.size("bank_a/1") == 1
    with pytest.raises(FileExistsError):
        backend.save("bank_a/1", ContentFile(b"y"))
    assert backend.delete_prefix("bank_a") == 2
    assert bucket.names() == ["bank_ab/3"]


def test_more_names_than_a_page_are_all_listed_and_deleted(
    bucket: Bucket, backend: S3Storage, monkeypatch
) -> None:
    monkeypatch.setattr(backends, "PAGE", 4)
    for number in range(11):
        bucket.write(f"many/{number}", b"")
    assert len(backend.listdir("many")[1]) == 11
    assert backend.delete_prefix("many") == 11
    assert backend.listdir("many") == ([], [])


def _reach_nothing(bucket: Bucket, port: int, monkeypatch) -> S3Storage:
    monkeypatch.setattr(clients, "CONNECT_SECONDS", 0.2)
    monkeypatch.setattr(clients, "READ_SECONDS", 0.3)
    return S3Storage(
        bucket=BUCKET, endpoint_url=f"http://127.0.0.1:{port}", region="r", addressing="path"
    )


@pytest.mark.parametrize("hangs", [False, True])
def test_a_store_that_is_down_or_hangs_is_a_typed_refusal(
    bank, bucket: Bucket, monkeypatch, hangs: bool
) -> None:
    with socket.socket() as trap:
        trap.bind(("127.0.0.1", 0))
        if hangs:
            trap.listen(16)
        nowhere = _reach_nothing(bucket, trap.getsockname()[1], monkeypatch)
        monkeypatch.setattr(publishing, "storage", lambda: nowhere)
        begun = time.monotonic()
        for call in (
            storage.exists,
            storage.delete,
            storage.open_reader,
            lambda path: storage.put_stream(path, ContentFile(b"x").file),
        ):
            with pytest.raises(StorageUnavailable) as refusal:
                call("x")
            assert (refusal.value.status, refusal.value.retry_after) == (503, 5)
        assert time.monotonic() - begun < 60.0


def test_a_bucket_that_is_missing_is_not_a_missing_file(bucket: Bucket) -> None:
    other = S3Storage(
        bucket="nowhere", endpoint_url=bucket.store.endpoint, region="us-east-1", addressing="path"
    )
    with pytest.raises(StorageUnavailable):
        other.open("x")


def test_urls_name_a_place_and_no_secret() -> None:
    assert s3_options("s3://b/p/q?region=eu-west-1", "banks") == {
        "bucket": "b",
        "prefix": "p/q/banks/",
        "region": "eu-west-1",
    }
    assert s3_options("s3://b?endpoint_url=https://s.example") == {
        "bucket": "b",
        "prefix": "",
        "endpoint_url": "https://s.example",
        "addressing": "path",
    }
    for wrong in (
        "s3:///p", "http://b/p", "b/p", "s3://key:secret@b/p", "s3://key@b/p", "s3://b/p?acl=public", "s3://b/p#x",
    ):  # fmt: skip
        with pytest.raises(ImproperlyConfigured):
            s3_options(wrong)


def test_a_part_is_what_the_documentation_says() -> None:
    """Ten thousand parts, S3's most, hold more than the largest file taken in."""
    assert uploads.PART_BYTES * 10_000 > 80 * 10**9
