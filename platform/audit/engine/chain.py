"""The chain of seals: each link authenticates one row's hash together with the link before it."""

import hmac
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

GENESIS = b"\0" * 32
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Link:
    """A seal without its code. `seq` counts from 1 without a gap."""

    seq: int
    stream: str
    row_id: uuid.UUID
    row_hash: bytes
    sealed_at: datetime


@dataclass(frozen=True, slots=True)
class SealedLink:
    link: Link
    mac: bytes


@dataclass(frozen=True, slots=True)
class ChainFault:
    """`first` to `last` are sequence numbers; `missing` or `altered`."""

    missing: bool
    first: int
    last: int


def link_mac(key: bytes, previous: bytes, link: Link) -> bytes:
    """HMAC-SHA256 (32 bytes) of the link and the code before it."""
    stream = link.stream.encode()
    microseconds = (link.sealed_at - _EPOCH) // _MICROSECOND
    message = b"".join(
        (
            b"seal-v1", previous, link.seq.to_bytes(8, "big"), len(stream).to_bytes(2, "big"), stream,
            link.row_id.bytes, len(link.row_hash).to_bytes(2, "big"), link.row_hash,
            microseconds.to_bytes(8, "big", signed=True),
        )
    )  # fmt: skip
    return hmac.digest(key, message, "sha256")


def extend(key: bytes, previous: bytes, links: Sequence[Link]) -> list[bytes]:
    """The codes of consecutive links after `previous`."""
    out = []
    for link in links:
        previous = link_mac(key, previous, link)
        out.append(previous)
    return out


class ChainChecker:
    """Follows a chain link by link and says exactly which links are wrong, not merely from where
    on.

    After a wrong link the chain goes on from what the link says or from what it should have said:
    whichever the next link was made after. After a gap the first link cannot be checked against
    what is gone; the gap itself is the fault.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = keys
        self._candidates: tuple[bytes, ...] = (GENESIS,)
        self._next = 1

    @property
    def last_seq(self) -> int:
        return self._next - 1

    def check(self, sealed: SealedLink) -> Iterator[ChainFault]:
        """Faults up to and including this link; links come in order of `seq`."""
        link = sealed.link
        follows = link.seq == self._next
        if link.seq > self._next:
            yield ChainFault(missing=True, first=self._next, last=link.seq - 1)
        right = {link_mac(key, before, link) for key in self._keys for before in self._candidates}
        if follows and sealed.mac not in right:
            yield ChainFault(missing=False, first=link.seq, last=link.seq)
            self._candidates = (sealed.mac, *right)
        else:
            self._candidates = (sealed.mac,)
        self._next = max(self._next, link.seq + 1)


_MICROSECOND = _EPOCH.resolution
