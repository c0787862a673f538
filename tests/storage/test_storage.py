"""Files of a bank: what is read is what was written, and anything else is refused."""

import hashlib
import io
import os
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core import storage
from core.storage.errors import BadPath, FileDamaged
from core.storage.layout import HEADER_BYTES, TAG_BYTES
from core.storage.reader import EncryptedReader
from core.storage.writer import EncryptedWriter
from core.tenancy import NoBankSet, bank_scope, public_scope
from tests.storage.conftest import Folder, Outside

CHUNK = 64


pytestmark = pytest.mark.usefixtures("outside")


def _write(path: str, content: bytes, **options: int) -> EncryptedWriter:
    with EncryptedWriter(path, chunk_bytes=CHUNK, **options) as writer:
        writer.write(content)
    return writer


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 5 * CHUNK + 7])
def test_what_is_read_is_what_was_written(bank, outside: Outside, size: int) -> None:
    content = os.urandom(size)
    writer = _write("a/b.bin", content)
    assert (writer.size, writer.sha256) == (size, hashlib.sha256(content).hexdigest())
    with storage.open_reader("a/b.bin") as reader:
        assert reader.size == size
        assert reader.read() == content
        assert reader.read() == b""
    assert storage.size("a/b.bin") == size
    chunks = max(1, -(-size // CHUNK))
    stored = outside.read(f"{bank.schema}/a/b.bin")
    assert len(stored) == HEADER_BYTES + size + chunks * TAG_BYTES


def test_any_order_of_seeks_and_sizes_reads_the_same(bank) -> None:
    draw = random.Random(5)
    content = draw.randbytes(10 * CHUNK + 13)
    with EncryptedWriter("x", chunk_bytes=CHUNK) as writer:
        rest = memoryview(content)
        while rest:
            step = draw.choice((1, 7, CHUNK, CHUNK + 1, 3 * CHUNK))
            assert writer.write(rest[:step]) == len(rest[:step])
            rest = rest[step:]
        assert writer.tell() == len(content)
    plain = io.BytesIO(content)
    with storage.open_reader("x") as reader:
        for _ in range(500):
            if draw.random() < 0.5:
                offset, whence = draw.choice(((draw.randrange(800), 0), (-draw.randrange(600), 2)))
                assert reader.seek(offset, whence) == plain.seek(offset, whence)
            size = draw.choice((0, 1, 5, CHUNK, 200, -1))
            assert reader.read(size) == plain.read(size)
            assert reader.tell() == plain.tell()
        with pytest.raises(ValueError, match="Before the start"):
            reader.seek(-1)
        buffer = bytearray(100)
        reader.seek(30)
        assert reader.readinto(buffer) == 100
        assert bytes(buffer) == content[30:130]


def test_lines_of_text_and_parquet_come_through_it(bank) -> None:
    with (
        storage.open_writer("t.csv") as writer,
        io.TextIOWrapper(writer, "utf-8", newline="") as text,
    ):
        text.write("a,b\n1,银行\n")
    with storage.open_reader("t.csv") as reader:
        assert list(io.TextIOWrapper(reader, "utf-8")) == ["a,b\n", "1,银行\n"]
    table = pa.table({"n": list(range(50_000)), "s": [f"row {n}" for n in range(50_000)]})
    with storage.open_writer("t.parquet") as writer:
        pq.write_table(table, writer)
    with storage.open_reader("t.parquet") as reader:
        assert pq.read_table(reader, columns=["s"]).equals(table.select(["s"]))


def test_a_stream_is_stored_and_described(bank) -> None:
    stored = storage.put_stream("up.bin", io.BytesIO(b"x" * 1_000_000))
    assert stored == storage.StoredFile(
        "up.bin", 1_000_000, hashlib.sha256(b"x" * 1_000_000).hexdigest()
    )
    assert storage.exists("up.bin")
    storage.delete("up.bin")
    storage.delete("up.bin")
    assert not storage.exists("up.bin")
    with pytest.raises(FileNotFoundError):
        storage.open_reader("up.bin")


def test_nothing_is_stored_in_clear(bank, outside: Outside) -> None:
    _write("x", b"canary-of-alpha " * 100)
    assert b"canary" not in outside.read(f"{bank.schema}/x")


def test_every_altered_byte_is_refused(bank, outside: Outside) -> None:
    _write("x", b"secret" * 30)
    # What is refused depends on the bytes alone: on the slower store, every seventh.
    step = 1 if isinstance(outside, Folder) else 7
    path = f"{bank.schema}/x"
    whole = outside.read(path)
    for position in range(0, len(whole), step):
        altered = bytearray(whole)
        altered[position] ^= 1
        outside.write(path, altered)
        with pytest.raises((FileDamaged, RuntimeError)):
            _read_all("x")
    outside.write(path, whole)
    assert _read_all("x") == b"secret" * 30


def _read_all(path: str) -> bytes:
    with storage.open_reader(path) as reader:
        return reader.read()


def test_a_cut_extended_or_reordered_file_is_refused(bank, outside: Outside) -> None:
    _write("x", os.urandom(3 * CHUNK))
    path = f"{bank.schema}/x"
    whole = outside.read(path)
    step = CHUNK + TAG_BYTES
    chunks = [whole[HEADER_BYTES + n * step :][:step] for n in range(3)]
    head = whole[:HEADER_BYTES]
    for wrong in (
        b"", whole[:10], head, whole[:-1], head + chunks[0], head + chunks[0] + chunks[1], whole + b"\0",
        whole + chunks[2], head + chunks[1] + chunks[0] + chunks[2], head + chunks[0] + chunks[2],
        head + chunks[0] + chunks[0] + chunks[2], head + chunks[2],
    ):  # fmt: skip
        outside.write(path, wrong)
        with pytest.raises(FileDamaged):
            _read_all("x")


def test_a_cut_file_is_refused_at_opening(bank, outside: Outside) -> None:
    _write("x", os.urandom(3 * CHUNK))
    path = f"{bank.schema}/x"
    outside.write(path, outside.read(path)[: HEADER_BYTES + 2 * (CHUNK + TAG_BYTES)])
    with pytest.raises(FileDamaged):
        EncryptedReader("x")


def test_files_do_not_open_in_each_others_place_nor_in_another_bank(
    bank_a, bank_b, outside: Outside
) -> None:
    with bank_scope(bank_a):
        _write("one", b"1" * 100)
        _write("two", b"2" * 100)
    one, two = (f"{bank_a.schema}/{name}" for name in ("one", "two"))
    first, second = outside.read(one), outside.read(two)
    outside.write(one, second)
    outside.write(two, first[:HEADER_BYTES] + second[HEADER_BYTES:])
    outside.write(f"{bank_b.schema}/one", first)
    with bank_scope(bank_a):
        for name in ("one", "two"):
            with pytest.raises(FileDamaged):
                _read_all(name)
    with bank_scope(bank_b):
        with pytest.raises(FileDamaged):
            _read_all("one")
        assert not storage.exists("two")


@pytest.mark.parametrize(
    "path",
    [
        "", "/", "/etc/passwd", "..", "../bank_beta/x", "a/../../x", "a//b", "a/", ".hidden", "a/.", "a\\b", "a b",
        "a\x00", "名", "~", "a\n", "C:x", "x" * 300, "/".join(["a" * 100] * 7),
    ],
)  # fmt: skip
def test_no_path_leaves_the_banks_folder(bank, outside: Outside, path: str) -> None:
    for call in (
        storage.open_writer,
        storage.open_reader,
        storage.exists,
        storage.delete,
        storage.size,
    ):
        with pytest.raises(BadPath):
            call(path)
    assert outside.names() == []


def test_outside_a_bank_there_are_no_files(bank_a) -> None:
    with pytest.raises(NoBankSet):
        storage.open_writer("x")
    with public_scope(), pytest.raises(NoBankSet):
        storage.exists("x")


def test_a_file_is_written_once_unless_told_otherwise(bank, outside: Outside) -> None:
    _write("x", b"first")
    writer = EncryptedWriter("x")
    writer.write(b"second")
    with pytest.raises(FileExistsError):
        writer.close()
    assert writer.closed
    assert writer.sha256 == ""
    assert _read_all("x") == b"first"
    _write("x", b"third", overwrite=True)
    assert _read_all("x") == b"third"
    assert outside.names() == [f"{bank.schema}/x"]


def _fail_while_writing() -> None:
    with storage.open_writer("x") as writer:
        writer.write(b"half")
        raise ZeroDivisionError


def test_a_writer_that_fails_is_forgotten_or_aborted_leaves_nothing(bank, outside: Outside) -> None:
    with pytest.raises(ZeroDivisionError):
        _fail_while_writing()
    writer = storage.open_writer("x")
    writer.write(b"half")
    writer.abort()
    forgotten = storage.open_writer("x")
    forgotten.write(b"half")
    del forgotten
    assert not storage.exists("x")
    assert outside.names() == []
    with pytest.raises(ValueError, match="closed"):
        writer.write(b"more")
