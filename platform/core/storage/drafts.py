"""What a storage without folders offers for a draft. Apart from the client, which is heavy and loaded where used."""

from abc import ABC, abstractmethod

from django.core.files.storage import Storage


class Upload(ABC):
    """A draft on the far side; nobody sees it before it is published."""

    @abstractmethod
    def write(self, data: bytes | bytearray | memoryview) -> int: ...

    @abstractmethod
    def publish(self, *, overwrite: bool) -> None:
        """Raises FileExistsError where a file is and `overwrite` is not; the store decides, so of two writers one
        wins.
        """

    @abstractmethod
    def discard(self) -> None:
        """Give back what was sent; harmless when published."""


class UploadingStorage(Storage, ABC):
    """A storage that takes a file piece by piece and shows it at the end."""

    @abstractmethod
    def new_upload(self, name: str) -> Upload: ...

    @abstractmethod
    def remove_old_uploads(self, *, older_than_seconds: float) -> int:
        """Give back what killed writers left; returns how many drafts that were."""
