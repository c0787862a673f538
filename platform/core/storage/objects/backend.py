"""Django's storage interface over S3. Names are kept as given; an object is written once."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import IO, Any, cast

from django.core.files.base import File
from django.utils.deconstruct import deconstructible

from core.clock import now
from core.storage.drafts import UploadingStorage
from core.storage.objects.client import Place, client_of, plain_errors
from core.storage.objects.download import RangeReader
from core.storage.objects.upload import ObjectUpload

_COPY_BYTES = 1024 * 1024
# The most a store gives and takes at once.
PAGE = 1000


@deconstructible
class S3Storage(UploadingStorage):
    """Objects under one prefix of one bucket, written and read in bounded memory."""

    def __init__(
        self,
        *,
        bucket: str,
        prefix: str = "",
        endpoint_url: str | None = None,
        region: str | None = None,
        addressing: str = "auto",
    ) -> None:
        self.place = Place(bucket, prefix, endpoint_url, region, addressing)

    def new_upload(self, name: str) -> ObjectUpload:
        """A draft that becomes the object `name` when it is published."""
        return ObjectUpload(self.place, name)

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name

    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        if mode != "rb":
            raise ValueError("An object is opened for reading; write it by `save`.")
        return File(cast(IO[bytes], RangeReader(self.place, name)), name)

    def _save(self, name: str, content: "File[bytes]") -> str:
        """Raises FileExistsError where an object has the name."""
        upload = self.new_upload(name)
        try:
            for piece in content.chunks(_COPY_BYTES):
                upload.write(piece)
            upload.publish(overwrite=False)
        finally:
            upload.discard()
        return name

    def exists(self, name: str) -> bool:
        try:
            self._head(name)
        except FileNotFoundError:
            return False
        return True

    def size(self, name: str) -> int:
        return int(self._head(name)["ContentLength"])

    def get_modified_time(self, name: str) -> datetime:
        moment: datetime = self._head(name)["LastModified"]
        return moment

    def delete(self, name: str) -> None:
        with plain_errors(name):
            self._client.delete_object(Bucket=self.place.bucket, Key=self.place.prefix + name)

    def delete_prefix(self, folder: str) -> int:
        """Delete every object below a folder, a thousand a call; returns how many."""
        removed = 0
        for page in self._pages(Prefix=self._folder(folder)):
            keys = [{"Key": entry["Key"]} for entry in page.get("Contents", ())]
            if keys:
                with plain_errors(folder):
                    self._client.delete_objects(
                        Bucket=self.place.bucket, Delete={"Objects": keys, "Quiet": True}
                    )
            removed += len(keys)
        return removed

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        """(folders, files) directly below; both empty where nothing is."""
        folder = self._folder(path)
        folders: list[str] = []
        files: list[str] = []
        for page in self._pages(Prefix=folder, Delimiter="/"):
            folders += [
                entry["Prefix"][len(folder) : -1] for entry in page.get("CommonPrefixes", ())
            ]
            files += [entry["Key"][len(folder) :] for entry in page.get("Contents", ())]
        return folders, files

    def remove_old_uploads(self, *, older_than_seconds: float) -> int:
        """Give back the parts of multipart uploads that nobody finished; returns how many."""
        limit, removed = now() - timedelta(seconds=older_than_seconds), 0
        for page in self._pages("list_multipart_uploads", Prefix=self.place.prefix):
            for upload in page.get("Uploads", ()):
                if upload["Initiated"] < limit:
                    with plain_errors(upload["Key"]):
                        self._client.abort_multipart_upload(
                            Bucket=self.place.bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                        )
                    removed += 1
        return removed

    @property
    def _client(self) -> Any:
        return client_of(self.place)

    def _folder(self, path: str) -> str:
        return self.place.prefix + (path.strip("/") + "/" if path.strip("/") else "")

    def _head(self, name: str) -> dict[str, Any]:
        with plain_errors(name):
            found: dict[str, Any] = self._client.head_object(
                Bucket=self.place.bucket, Key=self.place.prefix + name
            )
        return found

    def _pages(self, call: str = "list_objects_v2", **options: str) -> Iterator[dict[str, Any]]:
        pages = self._client.get_paginator(call).paginate(
            Bucket=self.place.bucket, PaginationConfig={"PageSize": PAGE}, **options
        )
        walk = iter(pages)
        while True:
            with plain_errors(options.get("Prefix", "")):
                page = next(walk, None)
            if page is None:
                return
            yield page
