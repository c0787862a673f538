"""Files of a form go straight into encrypted storage: no clear copy ever stands in a temporary folder."""

from typing import Any, BinaryIO, cast

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest

from core import storage
from core.errors import TooLarge
from core.ids import new_id
from core.storage import EncryptedWriter
from datasets.services.receiving import max_bytes

# What a form's other fields and boundaries may add to the size of its file.
FORM_BYTES = 1 << 20


class StoredUpload(UploadedFile):  # type: ignore[type-arg]
    """An uploaded file, read back from encrypted storage."""

    def __init__(self, path: str, name: str) -> None:
        self.path = path
        reader = storage.open_reader(path)
        super().__init__(cast(BinaryIO, reader), name=name, size=reader.size)

    def discard(self) -> None:
        """Close and remove; call it in the bank's scope."""
        self.close()
        storage.delete(self.path)


class StorageUploadHandler(FileUploadHandler):
    """Set it on a request before its body is read; call `discard` afterwards, in any case."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.chunk_size = 1 << 20
        self._writer: EncryptedWriter | None = None
        self._path = ""
        self._complete: list[StoredUpload] = []

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: Any = None
    ) -> None:
        """Raises `TooLarge` before a byte is read when the request says so itself."""
        if content_length > max_bytes() + FORM_BYTES:
            raise TooLarge(f"The file is larger than {max_bytes():,} bytes.", code="file_too_large")

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._path = f"uploads/{new_id()}"
        self._writer = storage.open_writer(self._path)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        assert self._writer is not None
        if self._writer.size + len(raw_data) > max_bytes():
            self._abort()
            raise TooLarge(f"The file is larger than {max_bytes():,} bytes.", code="file_too_large")
        self._writer.write(raw_data)

    def file_complete(self, file_size: int) -> StoredUpload:
        assert self._writer is not None
        self._writer.close()
        self._writer = None
        upload = StoredUpload(self._path, self.file_name or "")
        self._complete.append(upload)
        return upload

    def upload_interrupted(self) -> None:
        self._abort()

    def discard(self) -> None:
        """Remove what the form left in storage: by now its content is where it belongs."""
        self._abort()
        for upload in self._complete:
            upload.discard()
        self._complete.clear()

    def _abort(self) -> None:
        if self._writer is not None:
            self._writer.abort()
            self._writer = None
