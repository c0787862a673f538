"""Both places a bank's files may stand at, and a look at them from outside."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pytest
from django.core.files.storage import storages

from config.file_stores import file_store
from core.ids import new_id
from core.storage import publishing
from core.storage.objects.client import Place
from tests.object_store import BUCKET, CREDENTIALS, ObjectStore


class Outside(Protocol):
    """The stored bytes without the project's own code."""

    def read(self, name: str) -> bytes: ...

    def write(self, name: str, content: bytes) -> None: ...

    def names(self) -> list[str]:
        """Everything there, drafts too."""
        ...


@dataclass(frozen=True)
class Folder:
    root: Path

    def read(self, name: str) -> bytes:
        return (self.root / name).read_bytes()

    def write(self, name: str, content: bytes) -> None:
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_bytes(content)

    def names(self) -> list[str]:
        return sorted(str(p.relative_to(self.root)) for p in self.root.rglob("*") if p.is_file())


@dataclass(frozen=True)
class Bucket:
    store: ObjectStore
    prefix: str
    client: Any = field(repr=False)

    @property
    def place(self) -> Place:
        return Place(BUCKET, self.prefix, self.store.endpoint, "us-east-1", "path")

    def read(self, name: str) -> bytes:
        return bytes(self.client.get_object(Bucket=BUCKET, Key=self.prefix + name)["Body"].read())

    def write(self, name: str, content: bytes) -> None:
        self.client.put_object(Bucket=BUCKET, Key=self.prefix + name, Body=content)

    def names(self) -> list[str]:
        found = self.client.list_objects_v2(Bucket=BUCKET, Prefix=self.prefix).get("Contents", ())
        return sorted(entry["Key"][len(self.prefix) :] for entry in found) + self.uploads()

    def uploads(self) -> list[str]:
        """Names of multipart uploads nobody finished."""
        found = self.client.list_multipart_uploads(Bucket=BUCKET, Prefix=self.prefix)
        return [upload["Key"][len(self.prefix) :] for upload in found.get("Uploads", ())]


@pytest.fixture(scope="session")
def object_store() -> Iterator[ObjectStore]:
    store = ObjectStore.start()
    yield store
    store.stop()


def _use(settings: Any, url: str, local: Path) -> None:
    entry = file_store(url, folder="banks", local=local)
    settings.STORAGES = {**settings.STORAGES, "default": entry}
    assert type(storages["default"]).__name__ == entry["BACKEND"].rpartition(".")[2]


@pytest.fixture
def folder(settings, tmp_path: Path) -> Folder:
    """A local folder of the test's own, in force."""
    _use(settings, "", tmp_path / "storage")
    return Folder(tmp_path / "storage")


@pytest.fixture
def bucket(settings, monkeypatch, object_store: ObjectStore, tmp_path: Path) -> Bucket:
    """A prefix of the test's own on the S3 server, in force."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    prefix = str(new_id())
    _use(settings, object_store.url(prefix), tmp_path)
    return Bucket(object_store, f"{prefix}/banks/", object_store.client)


@pytest.fixture(params=["folder", "bucket"])
def outside(request: pytest.FixtureRequest) -> Outside:
    """Every test that asks for it, directly or not, runs on both."""
    chosen: Outside = request.getfixturevalue(request.param)
    assert publishing.storage() is storages["default"]
    return chosen
