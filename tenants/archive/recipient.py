"""The bank's keys on their way out and in: sealed for the one key pair whose public half the bank gave.

HPKE (RFC 9180) with DHKEM(X25519), HKDF-SHA256 and AES-256-GCM; the realm is bound to the message. The platform keeps
no copy that it could open: after the drop only the holder of the private key reads what the bank had encrypted.
"""

import base64
import hashlib
import json
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke, serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from core.errors import field_error
from core.vault import KeyMaterial
from tenants.archive.errors import WrongRecipientKey

_SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


def parse_public_key(text: str) -> X25519PublicKey:
    """From PEM, or from base64 of the 32 bytes. Raises `InvalidInput` at `/recipient_key`."""
    try:
        if "BEGIN" in text:
            key = serialization.load_pem_public_key(text.encode())
        else:
            key = X25519PublicKey.from_public_bytes(base64.b64decode(text.strip(), validate=True))
    except ValueError as error:
        raise _bad_key() from error
    if not isinstance(key, X25519PublicKey):
        raise _bad_key()
    return key


def _bad_key() -> Exception:
    detail = "An X25519 public key is required: PEM, or base64 of its 32 bytes."
    return field_error("/recipient_key", "invalid_key", detail)


def public_text(key: X25519PublicKey) -> str:
    """Base64 of the 32 bytes."""
    return base64.b64encode(key.public_bytes_raw()).decode()


def fingerprint(key: X25519PublicKey) -> str:
    """SHA-256 (hex) of the public key."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()


def seal_keys(keys: Sequence[KeyMaterial], *, realm: str, recipient: X25519PublicKey) -> bytes:
    """All keys of a bank, readable for the recipient alone."""
    document = [
        {"kind": k.kind, "version": k.version, "key": base64.b64encode(k.key).decode()}
        for k in keys
    ]
    return _SUITE.encrypt(json.dumps(document).encode(), recipient, info=_info(realm))


def open_keys(sealed: bytes, *, realm: str, private_key: bytes) -> list[KeyMaterial]:
    """Raises `WrongRecipientKey` when the PEM is not the private half of the key it was sealed for."""
    try:
        key = serialization.load_pem_private_key(private_key, password=None)
        if not isinstance(key, X25519PrivateKey):
            raise WrongRecipientKey("An X25519 private key in PEM is required.")
        document = json.loads(_SUITE.decrypt(sealed, key, info=_info(realm)))
    except (InvalidTag, ValueError, TypeError) as error:
        raise WrongRecipientKey("The private key does not open the keys of this export.") from error
    return [KeyMaterial(k["kind"], k["version"], base64.b64decode(k["key"])) for k in document]


def _info(realm: str) -> bytes:
    return f"panorama-export-keys-v1:{realm}".encode()
