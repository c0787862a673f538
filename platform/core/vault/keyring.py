"""A bank's unwrapped keys, kept in the process for a short while."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass

from core.tenancy import realm_of
from core.vault import store
from core.vault.engine.framing import frame
from core.vault.engine.wrapping import unwrap_key, wrap_key
from core.vault.errors import BankKeysMissing
from core.vault.providers import KEY_BYTES, key_provider

DATA, INDEX = "data", "index"
CACHE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Keyring:
    """Data keys by version and the index key of one bank. Older versions read, the newest writes."""

    schema: str
    realm: str
    data: Mapping[int, bytes]
    index: bytes

    @property
    def newest(self) -> int:
        return max(self.data)

    def wrap_subject(self, subject: bytes, key: bytes) -> tuple[int, bytes]:
        """A subject's key under the newest bank key: (version, wrapped)."""
        version = self.newest
        return version, wrap_key(
            self.data[version], key, context=self._subject_context(subject, version)
        )

    def unwrap_subject(self, subject: bytes, wrapped: bytes, *, version: int) -> bytes:
        context = self._subject_context(subject, version)
        return unwrap_key(
            keyring_with(self.schema, version).data[version], wrapped, context=context
        )

    def _subject_context(self, subject: bytes, version: int) -> bytes:
        return frame(("subject-key", self.realm, subject, str(version)))


_cache: dict[str, tuple[float, Keyring]] = {}


def bank_keyring(schema: str) -> Keyring:
    """The bank's keys. Raises `BankKeysMissing` when the role in force sees none."""
    cached = _cache.get(schema)
    if cached is not None and cached[0] > time.monotonic():
        return cached[1]
    ring = _load(schema)
    _cache[schema] = (time.monotonic() + CACHE_SECONDS, ring)
    return ring


def keyring_with(schema: str, version: int) -> Keyring:
    """The keys, read anew when a version is asked for that was made a moment ago elsewhere."""
    ring = bank_keyring(schema)
    if version not in ring.data:
        forget_keyring(schema)
        ring = bank_keyring(schema)
    if version not in ring.data:
        raise BankKeysMissing(f"{schema} has no bank key of version {version}.")
    return ring


def forget_keyring(schema: str | None = None) -> None:
    """Drop one bank's keys from this process, or all."""
    if schema is None:
        _cache.clear()
    else:
        _cache.pop(schema, None)


def new_bank_key(schema: str, kind: str, version: int) -> store.BankKeyRow:
    """A fresh key, wrapped under the newest master key."""
    key = secrets.token_bytes(KEY_BYTES)
    master_version, wrapped = key_provider().wrap(
        key, context=bank_key_context(schema, kind, version)
    )
    return store.BankKeyRow(
        kind=kind, version=version, wrapped=wrapped, master_version=master_version
    )


def unwrap_bank_key(schema: str, row: store.BankKeyRow) -> bytes:
    context = bank_key_context(schema, row.kind, row.version)
    return key_provider().unwrap(row.wrapped, version=row.master_version, context=context)


def bank_key_context(schema: str, kind: str, version: int) -> bytes:
    return frame(("bank-key", schema, kind, str(version)))


def _load(schema: str) -> Keyring:
    rows = store.bank_keys(schema)
    data = {row.version: unwrap_bank_key(schema, row) for row in rows if row.kind == DATA}
    index = [row for row in rows if row.kind == INDEX]
    if not data or not index:
        raise BankKeysMissing(f"{schema} has no keys in sight of the role in force.")
    newest_index = max(index, key=lambda row: row.version)
    return Keyring(
        schema=schema,
        realm=realm_of(schema),
        data=data,
        index=unwrap_bank_key(schema, newest_index),
    )
