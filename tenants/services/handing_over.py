"""Handing an export to its bank: one tar file, made while it is sent."""

import tarfile
from collections.abc import Iterator

from accounts import policies
from audit.services import record
from core.actors import Actor
from core.errors import Conflict
from tenants.archive.reading import walk
from tenants.archive.writing import COPY_BYTES
from tenants.models import BankExport
from tenants.services.exporting import export_store

_BLOCK = tarfile.BLOCKSIZE


def export_tar(*, export: BankExport, actor: Actor) -> Iterator[bytes]:
    """All files of a finished export, a piece at a time; the taking is in the trail before the first byte."""
    policies.require(actor, "tenants.bank.offboard")
    if not export.manifest_sha256:
        raise Conflict("The export is not finished.", code="export_not_finished")
    record(
        actor=actor, action="tenants.bank.export_taken", target="export", target_id=str(export.pk),
        detail={"content_sha256": export.content_sha256},
    )  # fmt: skip
    return _pieces(export.folder)


def _pieces(folder: str) -> Iterator[bytes]:
    store = export_store()
    for path in walk(store, folder):
        name = f"{folder}/{path}"
        info = tarfile.TarInfo(name)
        info.size, info.mode = store.size(name), 0o600
        yield info.tobuf(tarfile.PAX_FORMAT)
        with store.open(name, "rb") as stream:
            while piece := stream.read(COPY_BYTES):
                yield piece
        yield b"\0" * (-info.size % _BLOCK)
    yield b"\0" * (2 * _BLOCK)
