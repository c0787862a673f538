"""One S3 client a process and server, and the one translation of its errors."""

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

from core.storage.errors import StorageUnavailable

log = logging.getLogger(__name__)
# Together with the retries a call ends within about 20 s when nothing answers, 5 s when nothing listens.
CONNECT_SECONDS = 2.0
READ_SECONDS = 8.0
ATTEMPTS = 3
RETRY_AFTER_SECONDS = 5
_MISSING = frozenset({"404", "NoSuchKey", "NoSuchUpload"})
_TAKEN = frozenset({"412", "PreconditionFailed", "ConditionalRequestConflict"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where objects stand. `prefix` is empty or ends with a slash; without `endpoint_url` the provider's own is
    taken. `addressing` is `path` (bucket in the path), `virtual` (in the host name) or `auto`.
    """

    bucket: str
    prefix: str = ""
    endpoint_url: str | None = None
    region: str | None = None
    addressing: str = "auto"


_clients: dict[tuple[int, str | None, str | None, str], Any] = {}
_lock = threading.Lock()


def client_of(place: Place) -> Any:
    """A client, safe to share among threads; made anew after a fork. Credentials: the usual environment."""
    key = (os.getpid(), place.endpoint_url, place.region, place.addressing)
    with _lock:
        if key not in _clients:
            _clients[key] = _new_client(place)
        return _clients[key]


def _new_client(place: Place) -> Any:
    return Session().create_client(
        "s3",
        endpoint_url=place.endpoint_url,
        region_name=place.region,
        config=Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            max_pool_connections=16,
            s3={"addressing_style": place.addressing},
            # Other makers' stores refuse the newer trailing checksums; our own tags guard every chunk.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


@contextmanager
def plain_errors(name: str) -> Iterator[None]:
    """FileNotFoundError and FileExistsError as from a disk; `StorageUnavailable` for all the rest."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in _MISSING:
            raise FileNotFoundError(name) from error
        if code in _TAKEN:
            raise FileExistsError(name) from error
        log.warning("object store refused: %s", code)
        raise StorageUnavailable(retry_after=RETRY_AFTER_SECONDS) from error
    except BotoCoreError as error:
        log.warning("object store not reached: %s", type(error).__name__)
        raise StorageUnavailable(retry_after=RETRY_AFTER_SECONDS) from error
