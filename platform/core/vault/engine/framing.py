"""Several values as one unambiguous byte string, for associated data and message authentication."""

from collections.abc import Iterable


def frame(parts: Iterable[str | bytes]) -> bytes:
    """Each part with its length (4 bytes, big-endian) before it: no two lists give the same bytes."""
    out = bytearray()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        out += len(data).to_bytes(4, "big")
        out += data
    return bytes(out)
