"""Keys from keys: HKDF-SHA256 (RFC 5869) for named purposes."""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_SALT = b"panorama-vault-v1"


def derive_key(key: bytes, *, label: str) -> bytes:
    """A 32-byte key for one purpose. Different labels give independent keys."""
    return HKDF(algorithm=SHA256(), length=32, salt=_SALT, info=label.encode()).derive(key)
