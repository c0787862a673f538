"""The platform's signature under documents that leave it: exports and certificates (Ed25519, RFC 8032)."""

import base64
import hashlib

from cryptography.exceptions import InvalidSignature

from audit.services.checkpoints import public_key, signing_key


def sign(purpose: str, data: bytes) -> str:
    """Base64 of the signature; `purpose` keeps a signature of one kind from serving as another's."""
    return base64.b64encode(signing_key().sign(_message(purpose, data))).decode()


def is_signed(purpose: str, data: bytes, signature: str) -> bool:
    """Whether this platform's key signed exactly these bytes for this purpose."""
    try:
        raw = base64.b64decode(signature, validate=True)
        public_key().verify(raw, _message(purpose, data))
    except (InvalidSignature, ValueError):
        return False
    return True


def public_key_text() -> str:
    """The public key (32 bytes) in base64, for whoever wants to check a signature."""
    return base64.b64encode(public_key().public_bytes_raw()).decode()


def _message(purpose: str, data: bytes) -> bytes:
    return f"panorama-{purpose}-v1".encode() + b"\0" + hashlib.sha256(data).digest()
