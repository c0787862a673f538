"""Which text encoding a file is in, and reading it as UTF-8 with damage marked instead of lost."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import Protocol

from charset_normalizer import from_bytes

from datasets.engine.errors import UnknownEncoding

DAMAGE = "\ufdd0"
"""Stands for bytes that the encoding cannot read. U+FDD0 is never a character (Unicode 23.7)."""
DAMAGE_UTF8 = DAMAGE.encode()

BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
UTF8_NAMES = frozenset({"utf-8", "utf-8-sig", "ascii"})
CANDIDATES = ("gb18030", "big5", "shift_jis", "euc_kr", "cp1252", "cp1251", "latin-1")
WIDE_SHARE = 0.3
FEW_FAULTS = 0.02
CONTINUATIONS = bytes(range(0x80, 0xC0))
MIN_CONFIDENCE = 0.5


class Readable(Protocol):
    """Anything with `read(size)` giving bytes."""

    def read(self, size: int = -1, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class EncodingGuess:
    """A Python codec name and how sure we are, 0 to 1."""

    name: str
    confidence: float


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return DAMAGE, max(error.end, error.start + 1)


codecs.register_error("datasets.mark", _mark)


def guess_encoding(samples: tuple[bytes, ...]) -> EncodingGuess:
    """Guess from slices of a file, the first of which is its beginning.

    Slices may cut a character at either end. Raises UnknownEncoding.
    """
    head = samples[0]
    for bom, name in BOMS:
        if head.startswith(bom):
            return EncodingGuess(name, 1.0)
    wide = _wide_encoding(head)
    if wide is not None:
        return wide
    if _reads_as_utf8(samples):
        return EncodingGuess("utf-8", 1.0)
    return _legacy_encoding(samples)


def _reads_as_utf8(samples: tuple[bytes, ...]) -> bool:
    """All ASCII, or hardly a fault among the longer characters; cut ends do not count."""
    damaged = longer = 0
    for index, sample in enumerate(samples):
        body = sample if index == 0 else sample.lstrip(CONTINUATIONS)
        text = codecs.getincrementaldecoder("utf-8")("datasets.mark").decode(body)
        faults = text.count(DAMAGE)
        damaged += faults
        longer += len(text) - sum(map(str.isascii, text)) - faults if not text.isascii() else 0
    return damaged <= FEW_FAULTS * longer


def _wide_encoding(head: bytes) -> EncodingGuess | None:
    """UTF-16 without a mark: zeros stand on one side of most ASCII characters."""
    pairs = len(head) // 2
    if pairs < 2:
        return None
    even = head[0 : pairs * 2 : 2].count(0) / pairs
    odd = head[1 : pairs * 2 : 2].count(0) / pairs
    if odd > WIDE_SHARE and even < odd / 4:
        return EncodingGuess("utf-16-le", 0.9)
    if even > WIDE_SHARE and odd < even / 4:
        return EncodingGuess("utf-16-be", 0.9)
    return None


def _legacy_encoding(samples: tuple[bytes, ...]) -> EncodingGuess:
    """One of the legacy code pages: judged by damage, then by how much like a language it reads."""
    lines = _lines_with_high_bytes(samples)
    best = from_bytes(lines, cp_isolation=list(CANDIDATES)).best()
    readable = {name: _share_of_damage(lines, name) for name in CANDIDATES}
    if readable["gb18030"] == 0 and _looks_chinese(lines.decode("gb18030", "ignore")):
        return EncodingGuess("gb18030", 0.9)
    if best is not None:
        name = "gb18030" if best.encoding in {"gbk", "gb2312"} else best.encoding
        return EncodingGuess(name, max(MIN_CONFIDENCE, 1.0 - best.chaos))
    clean = [name for name in CANDIDATES if readable[name] < 0.02]
    if not clean or (clean == ["latin-1"] and _has_controls(lines)):
        raise UnknownEncoding("No usual text encoding reads this file.")
    return EncodingGuess(clean[0], MIN_CONFIDENCE)


def _lines_with_high_bytes(samples: tuple[bytes, ...], most: int = 65_536) -> bytes:
    """Whole lines that hold something else than ASCII, for they alone can tell."""
    kept: list[bytes] = []
    total = 0
    for sample in samples:
        for line in sample.split(b"\n")[1 if kept else 0 : -1] or [sample]:
            if not line.isascii():
                kept.append(line)
                total += len(line)
                if total > most:
                    return b"\n".join(kept)
    return b"\n".join(kept)


def _share_of_damage(data: bytes, encoding: str) -> float:
    text = data.decode(encoding, "datasets.mark")
    return text.count(DAMAGE) / max(len(data), 1)


def _looks_chinese(text: str) -> bool:
    """Most non-ASCII characters are in the GB2312 level-1 range of everyday characters."""
    high = [char for char in text if ord(char) > 127]
    if not high:
        return False
    common = 0
    for char in high:
        code = char.encode("gb18030", "ignore")
        if (
            len(code) == 2
            and (0xB0 <= code[0] <= 0xD7 or 0xA1 <= code[0] <= 0xA3)
            and code[1] >= 0xA1
        ):
            common += 1
    return common / len(high) > 0.8


def _has_controls(data: bytes) -> bool:
    return any(byte < 9 or 14 <= byte < 32 for byte in set(data))


class Utf8Reader:
    """Reads a file of any encoding as UTF-8. Undecodable bytes become U+FDD0.

    UTF-8 passes through unread: the parser finds its damage and repairs through `mark_damage`.
    A file whose first piece has carriage returns and no line feed ends its lines with the former
    (old Macintosh); they are read as line feeds throughout.
    """

    def __init__(self, handle: Readable, encoding: str) -> None:
        self._handle = handle
        self._plain = encoding.lower() in UTF8_NAMES
        self._first = True
        self._returns_end_lines = False
        self._decoder = None
        if not self._plain:
            try:
                self._decoder = codecs.getincrementaldecoder(encoding)("datasets.mark")
            except LookupError as error:
                raise UnknownEncoding(f"There is no encoding named {encoding!r}.") from error

    def read(self, size: int) -> bytes:
        """About `size` source bytes as UTF-8; empty only at the end."""
        while True:
            data = self._handle.read(size)
            text = data if self._decoder is None else self._decode(data)
            if self._first and text:
                self._first = False
                text = text.removeprefix(codecs.BOM_UTF8)
                self._returns_end_lines = b"\r" in text and b"\n" not in text
            if self._returns_end_lines:
                text = text.replace(b"\r", b"\n")
            if text or not data:
                return text

    def _decode(self, data: bytes) -> bytes:
        assert self._decoder is not None
        return self._decoder.decode(data, final=not data).encode("utf-8")


def mark_damage(data: bytes) -> str:
    """UTF-8 bytes as text, each undecodable byte as U+FDD0."""
    return data.decode("utf-8", "datasets.mark")
