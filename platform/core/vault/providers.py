"""Where master keys come from: a file here, a key management service behind the same protocol
elsewhere.
"""

import base64
import os
import secrets
import threading
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from django.conf import settings

from core.vault.engine.derivation import derive_key
from core.vault.engine.wrapping import unwrap_key, wrap_key

KEY_BYTES = 32


class MasterKeyMissing(RuntimeError):
    """The master key file is not readable, or not in its format."""


class KeyProvider(Protocol):
    """What the vault asks of the holder of master keys. Versions are positive and only grow."""

    def current_version(self) -> int: ...

    def wrap(self, key: bytes, *, context: bytes) -> tuple[int, bytes]:
        """Wrap a key under the newest master key; returns (master key version, wrapped key)."""
        ...

    def unwrap(self, wrapped: bytes, *, version: int, context: bytes) -> bytes: ...

    def derived_keys(self, label: str) -> tuple[bytes, ...]:
        """A 32-byte key a master key version, newest first; the same label gives the same keys."""
        ...


class FileKeyProvider:
    """Master keys in a file, one a line: `version:base64`, or base64 alone for version 1."""

    def __init__(self, keys: Mapping[int, bytes]) -> None:
        self._keys = dict(sorted(keys.items(), reverse=True))
        self._derived: dict[str, tuple[bytes, ...]] = {}

    @classmethod
    def from_file(cls, path: Path) -> "FileKeyProvider":
        """Read the file, making it with one fresh key (mode 0600) where there is none."""
        if not path.exists():
            _create(path)
        return cls(parse_master_keys(path.read_text()))

    def current_version(self) -> int:
        return next(iter(self._keys))

    def wrap(self, key: bytes, *, context: bytes) -> tuple[int, bytes]:
        version = self.current_version()
        return version, wrap_key(self._keys[version], key, context=context)

    def unwrap(self, wrapped: bytes, *, version: int, context: bytes) -> bytes:
        if version not in self._keys:
            raise MasterKeyMissing(f"Master key version {version} is not in the key file.")
        return unwrap_key(self._keys[version], wrapped, context=context)

    def derived_keys(self, label: str) -> tuple[bytes, ...]:
        found = self._derived.get(label)
        if found is None:
            found = tuple(derive_key(key, label=label) for key in self._keys.values())
            self._derived[label] = found
        return found


def parse_master_keys(text: str) -> dict[int, bytes]:
    """Keys by version. Raises `MasterKeyMissing` when a line is not a key of 32 bytes."""
    keys: dict[int, bytes] = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        version, _, encoded = line.rpartition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
            number = int(version) if version else 1
        except ValueError as error:
            raise MasterKeyMissing("The master key file holds a line that is not a key.") from error
        if len(key) != KEY_BYTES or number < 1 or number in keys:
            raise MasterKeyMissing(
                "The master key file holds a key of a wrong length or a version twice."
            )
        keys[number] = key
    if not keys:
        raise MasterKeyMissing("The master key file is empty.")
    return keys


def _create(path: Path) -> None:
    """Make the file whole or not at all; of two processes starting together one wins and both read
    its key.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(b"1:" + base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()


@lru_cache(maxsize=4)
def _provider_of(path: str) -> FileKeyProvider:
    return FileKeyProvider.from_file(Path(path))


_registered: list[KeyProvider] = []


def register_key_provider(provider: KeyProvider | None) -> None:
    """Put a key management service in the file's place; None returns to the file."""
    _registered[:] = [] if provider is None else [provider]


def key_provider() -> KeyProvider:
    """The registered provider, else the file named by `settings.MASTER_KEY_FILE`."""
    return _registered[0] if _registered else _provider_of(str(settings.MASTER_KEY_FILE))
