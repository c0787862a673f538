"""Finding an encrypted value again without decrypting: a keyed hash of it."""

import hmac

from core.vault.engine.framing import frame


def blind_index(key: bytes, *, purpose: str, value: str) -> bytes:
    """HMAC-SHA256 (32 bytes). The caller normalises `value`; equal values of other purposes are
    unlinkable.
    """
    return hmac.digest(key, frame((purpose, value)), "sha256")
