"""Encrypted values: AES-256-GCM under a key derived for each message, the place bound as associated
data.

Layout: format (1 byte) | scope (1) | key version (4, big-endian) | salt (12) | nonce (12) |
ciphertext | tag (16).

A random 96-bit nonce alone allows 2**32 messages a key (NIST SP 800-38D, 8.3), which a busy bank
reaches in days. So each message has its own key, HMAC-SHA256(key, salt), and 192 random bits in
all: the collision bound lies beyond 2**80.
"""

import hmac
import os
from dataclasses import dataclass
from enum import IntEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.vault.engine.errors import DecryptionRefused
from core.vault.engine.framing import frame

FORMAT = 1
HEADER = 6
_SALT = 12
_NONCE = 12
_TAG = 16
OVERHEAD = HEADER + _SALT + _NONCE + _TAG
_MESSAGE_KEY = b"panorama-message-v1"


class KeyScope(IntEnum):
    """Whose key an envelope is under."""

    BANK = 1
    SUBJECT = 2


@dataclass(frozen=True, slots=True)
class Place:
    """Where a ciphertext belongs; moved anywhere else it does not open."""

    schema: str
    purpose: str
    column: str
    row_id: str
    subject: bytes = b""


@dataclass(frozen=True, slots=True)
class Header:
    scope: KeyScope
    key_version: int


def seal(key: bytes, plaintext: bytes, *, place: Place, header: Header) -> bytes:
    """The envelope of `plaintext` under `key` (32 bytes)."""
    prefix = bytes((FORMAT, header.scope)) + header.key_version.to_bytes(4, "big")
    random = os.urandom(_SALT + _NONCE)
    body = _cipher(key, random[:_SALT]).encrypt(
        random[_SALT:], plaintext, _associated(prefix, place)
    )
    return prefix + random + body


def read_header(envelope: bytes) -> Header:
    """Which key an envelope needs. Raises `DecryptionRefused` when it is no envelope."""
    if len(envelope) < OVERHEAD or envelope[0] != FORMAT:
        raise DecryptionRefused("This is not an encrypted value of a known format.")
    try:
        scope = KeyScope(envelope[1])
    except ValueError as error:
        raise DecryptionRefused("This is not an encrypted value of a known format.") from error
    return Header(scope=scope, key_version=int.from_bytes(envelope[2:HEADER], "big"))


def open_envelope(key: bytes, envelope: bytes, *, place: Place) -> bytes:
    """The plaintext. Raises `DecryptionRefused` when key, place or a single bit is another."""
    read_header(envelope)
    salt = envelope[HEADER : HEADER + _SALT]
    nonce = envelope[HEADER + _SALT : HEADER + _SALT + _NONCE]
    body = envelope[HEADER + _SALT + _NONCE :]
    try:
        return _cipher(key, salt).decrypt(nonce, body, _associated(envelope[:HEADER], place))
    except InvalidTag as error:
        raise DecryptionRefused("The value was altered or belongs to another place.") from error


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(hmac.digest(key, _MESSAGE_KEY + salt, "sha256"))


def _associated(prefix: bytes, place: Place) -> bytes:
    return frame((prefix, place.schema, place.purpose, place.column, place.row_id, place.subject))
