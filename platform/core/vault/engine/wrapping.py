"""Keys under keys: AES-256-GCM (NIST SP 800-38D), the context bound as associated data."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.vault.engine.errors import DecryptionRefused

_NONCE = 12


def wrap_key(wrapping_key: bytes, key: bytes, *, context: bytes) -> bytes:
    """nonce (12) | ciphertext | tag (16)."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(wrapping_key).encrypt(nonce, key, context)


def unwrap_key(wrapping_key: bytes, wrapped: bytes, *, context: bytes) -> bytes:
    """Raises `DecryptionRefused` when key, context or a single bit is another."""
    try:
        return AESGCM(wrapping_key).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], context)
    except (InvalidTag, ValueError) as error:
        raise DecryptionRefused("A wrapped key does not belong to this place.") from error
