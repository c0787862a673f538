"""Writing an object part by part: it appears whole when it is published, or never."""

import contextlib
import secrets
from typing import Any

from core.storage.drafts import Upload
from core.storage.errors import StorageUnavailable
from core.storage.objects.client import Place, client_of, plain_errors

# S3 allows 10,000 parts: files of up to 80 GB, with one part in memory.
PART_BYTES = 8 * 1024 * 1024
_MARK = "draft"


class ObjectUpload(Upload):
    """A draft. Small ones are one conditional PUT, larger ones a multipart upload completed on a condition."""

    def __init__(self, place: Place, name: str) -> None:
        self._client = client_of(place)
        self.name = name
        self._target: dict[str, Any] = {"Bucket": place.bucket, "Key": place.prefix + name}
        # Tells our own object from another writer's when the answer to publishing was lost.
        self._mark = secrets.token_hex(16)
        self._pending = bytearray()
        self._upload_id: str | None = None
        self._parts: list[dict[str, Any]] = []

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Take bytes; sends a part when one is full. Raises `StorageUnavailable`."""
        self._pending += data
        while len(self._pending) >= PART_BYTES:
            # Parts of one size: some stores ask for that.
            self._send(bytes(memoryview(self._pending)[:PART_BYTES]))
            del self._pending[:PART_BYTES]
        return len(data)

    def publish(self, *, overwrite: bool) -> None:
        condition = {} if overwrite else {"IfNoneMatch": "*"}
        try:
            with plain_errors(self.name):
                self._finish(condition)
        except (FileExistsError, FileNotFoundError):
            if not self._is_published():
                raise
        self._upload_id = None
        self._pending.clear()

    def discard(self) -> None:
        """Give the parts back; harmless when published. What this cannot reach is swept a day later."""
        if self._upload_id is None:
            return
        with contextlib.suppress(StorageUnavailable, FileNotFoundError), plain_errors(self.name):
            self._client.abort_multipart_upload(**self._target, UploadId=self._upload_id)
        self._upload_id = None

    def _send(self, part: bytes) -> None:
        with plain_errors(self.name):
            if self._upload_id is None:
                begun = self._client.create_multipart_upload(
                    **self._target, Metadata={_MARK: self._mark}
                )
                self._upload_id = begun["UploadId"]
            number = len(self._parts) + 1
            sent = self._client.upload_part(
                **self._target,
                UploadId=self._upload_id,
                PartNumber=number,
                Body=part,
            )
        self._parts.append({"ETag": sent["ETag"], "PartNumber": number})

    def _finish(self, condition: dict[str, str]) -> None:
        if self._upload_id is None:
            self._client.put_object(
                **self._target,
                Body=bytes(self._pending),
                Metadata={_MARK: self._mark},
                **condition,
            )
            return
        if self._pending:
            self._send(bytes(self._pending))
            self._pending.clear()
        self._client.complete_multipart_upload(
            **self._target,
            UploadId=self._upload_id,
            MultipartUpload={"Parts": self._parts},
            **condition,
        )

    def _is_published(self) -> bool:
        """Whether the object that stands there is this one: a retry met the first attempt's success."""
        try:
            with plain_errors(self.name):
                found = self._client.head_object(**self._target)
        except FileNotFoundError:
            return False
        return bool(found.get("Metadata", {}).get(_MARK) == self._mark)
