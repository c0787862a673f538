"""Taking in a file: streamed into encrypted storage, counted, hashed, and handed to a job."""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath
from typing import Protocol
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts import policies
from audit.services import record
from core import storage
from core.actors import Actor
from core.errors import Conflict, NotFound, TooLarge, field_error
from core.ids import new_id
from core.metering import require_room
from core.storage import StoredFile
from datasets import permissions
from datasets.models import Dataset, DatasetLoad
from datasets.selectors import get_load
from datasets.services.lock_objects import locked_dataset, locked_load
from datasets.services.paths import raw_path
from datasets.services.starting import start_intake
from datasets.states import ContractState, LoadState

CHUNK_BYTES = 1 << 20
DEFAULT_MAX_BYTES = 2 << 30
NAME_LENGTH = 255
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Readable(Protocol):
    """All that is asked of an upload."""

    def read(self, size: int = -1, /) -> bytes: ...


def max_bytes() -> int:
    """The largest file taken in, in bytes: setting `DATASET_MAX_BYTES`, 2 GiB unless told."""
    return int(getattr(settings, "DATASET_MAX_BYTES", DEFAULT_MAX_BYTES))


def clean_file_name(name: str) -> str:
    """The last part of a name, without control characters. Raises `InvalidInput` when nothing is left."""
    last = _CONTROL.sub("", PurePosixPath(name.replace("\\", "/")).name).strip()
    if not last or last in {".", ".."}:
        raise field_error("/filename", "required", "The file needs a name.")
    return last[-NAME_LENGTH:]


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file that stands in encrypted storage and is not yet a load."""

    dataset_id: str
    load_id: UUID
    name: str
    stored: StoredFile

    def discard(self) -> None:
        """Remove it: it became no load."""
        storage.delete(self.stored.path)


def receive_file(
    *, dataset_id: str, file: Readable, filename: str, actor: Actor, as_of: date | None = None
) -> DatasetLoad:
    """Store the file as the dataset's next load and start its job.

    The file is streamed, never held in memory. Raises `NotFound`, `TooLarge` (and keeps nothing), `InvalidInput` for
    an empty file.
    """
    upload = store_file(dataset_id=dataset_id, file=file, filename=filename, actor=actor)
    try:
        return receive_stored(upload=upload, actor=actor, as_of=as_of)
    except BaseException:
        upload.discard()
        raise


def store_file(*, dataset_id: str, file: Readable, filename: str, actor: Actor) -> ReceivedFile:
    """The first half: the file into storage, outside any transaction. Raises as `receive_file`, and keeps nothing."""
    policies.require(actor, permissions.UPLOAD)
    name = clean_file_name(filename)
    if not Dataset.objects.filter(pk=dataset_id).exists():
        raise NotFound("No such dataset.")
    load_id = new_id()
    path = raw_path(dataset_id, str(load_id))
    try:
        return ReceivedFile(dataset_id, load_id, name, _store(path, file))
    except BaseException:
        storage.delete(path)
        raise


@transaction.atomic
def receive_stored(*, upload: ReceivedFile, actor: Actor, as_of: date | None = None) -> DatasetLoad:
    """The second half: the load and its job. Who calls it discards the file when this raises."""
    policies.require(actor, permissions.UPLOAD)
    require_room("storage_bytes", upload.stored.size)
    dataset = locked_dataset(upload.dataset_id)
    load = DatasetLoad(
        id=upload.load_id,
        dataset=dataset,
        number=_next_number(dataset),
        file_name=upload.name,
        size_bytes=upload.stored.size,
        sha256=upload.stored.sha256,
        raw_path=upload.stored.path,
        as_of=as_of,
        created_by=str(actor),
    )
    load.save(force_insert=True)
    record(
        actor=actor, action="datasets.load.receive", target="dataset_load", target_id=str(load.id),
        detail={"dataset": dataset.name, "size": load.size_bytes, "sha256": load.sha256},
    )  # fmt: skip
    start_intake(load=load, dataset=dataset, actor=actor)
    return load


@transaction.atomic
def load_again(*, load_id: str, actor: Actor) -> DatasetLoad:
    """Take the same raw file through the newest confirmed contract, as a new load.

    Raises `Conflict` when the dataset has no confirmed contract, or when the load is still on its way.
    """
    policies.require(actor, permissions.UPLOAD)
    first = DatasetLoad.objects.filter(pk=load_id).first()
    if first is None:
        raise NotFound("No such load.")
    dataset = locked_dataset(str(first.dataset_id))
    source = locked_load(load_id)
    if get_load(load_id).state not in (LoadState.READY, LoadState.FAILED):
        raise Conflict("The load is still on its way.", code="load_working")
    if not source.raw_path:
        raise Conflict("The raw file was shredded.", code="raw_file_shredded")
    if not dataset.contracts.filter(state=ContractState.CONFIRMED).exists():
        raise Conflict("The dataset has no confirmed contract yet.", code="no_contract")
    load = DatasetLoad(
        dataset=dataset,
        number=_next_number(dataset),
        file_name=source.file_name,
        size_bytes=source.size_bytes,
        sha256=source.sha256,
        raw_path=source.raw_path,
        as_of=source.as_of,
        created_by=str(actor),
    )
    load.save(force_insert=True)
    record(
        actor=actor, action="datasets.load.again", target="dataset_load", target_id=str(load.id),
        detail={"dataset": dataset.name, "from": load_id},
    )  # fmt: skip
    start_intake(load=load, dataset=dataset, actor=actor)
    return load


def _next_number(dataset: Dataset) -> int:
    newest = dataset.loads.order_by("-number").values_list("number", flat=True).first()
    return (newest or 0) + 1


def _store(path: str, file: Readable) -> StoredFile:
    """Copy into encrypted storage; a file that is refused never appears there."""
    limit = max_bytes()
    with storage.open_writer(path) as sink:
        while chunk := file.read(CHUNK_BYTES):
            if sink.size + len(chunk) > limit:
                raise TooLarge(f"The file is larger than {limit:,} bytes.", code="file_too_large")
            sink.write(chunk)
        if sink.size == 0:
            raise field_error("/file", "empty_file", "The file is empty.")
    return StoredFile(path=path, size=sink.size, sha256=sink.sha256)
