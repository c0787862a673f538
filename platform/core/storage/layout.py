"""The encrypted file, byte by byte.

    header (64): magic "PNRF" | format 1 | 3 zero bytes | key version (4) | chunk size (4) | file id
    (32) | zeros (16) chunk:       ciphertext (chunk size; the last one 0 to chunk size) | tag (16)

Each file has its own key: in format 2 a random one in the vault, which can be destroyed alone; in format 1
HMAC-SHA256(bank key, file id). A chunk's nonce is its number and a byte
that says whether it is the last (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár,
2015), so a chunk that is missing, moved or appended is noticed; the header, realm and path are
associated data, so a file in another's place is noticed too.
"""

import hmac
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.storage.errors import FileDamaged
from core.vault.engine.framing import frame

MAGIC = b"PNRF"
# Format 1 derived the file's key from the bank's: it is still read, and written anew when a person in it is erased.
DERIVED, REVOCABLE = 1, 2
HEADER_BYTES = 64
TAG_BYTES = 16
ID_BYTES = 32
MAX_CHUNK = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class FileHeader:
    key_version: int
    chunk_bytes: int
    file_id: bytes
    format: int = REVOCABLE

    def pack(self) -> bytes:
        head = MAGIC + bytes((self.format, 0, 0, 0)) + self.key_version.to_bytes(4, "big")
        return (head + self.chunk_bytes.to_bytes(4, "big") + self.file_id).ljust(
            HEADER_BYTES, b"\0"
        )


def unpack_header(data: bytes) -> FileHeader:
    """Raises `FileDamaged` when `data` is not a header."""
    header = FileHeader(
        format=data[4] if len(data) > 4 else 0,
        key_version=int.from_bytes(data[8:12], "big"),
        chunk_bytes=int.from_bytes(data[12:16], "big"),
        file_id=data[16 : 16 + ID_BYTES],
    )
    known = header.format in (DERIVED, REVOCABLE)
    if not known or data != header.pack() or not 0 < header.chunk_bytes <= MAX_CHUNK:
        raise FileDamaged("The file is not one of this store's.")
    return header


class ChunkCipher:
    """Encrypts and decrypts the chunks of one file."""

    def __init__(self, key: bytes, header: FileHeader, *, realm: str, path: str) -> None:
        self._cipher = AESGCM(hmac.digest(key, b"panorama-file-v1" + header.file_id, "sha256"))
        self._associated = frame((header.pack(), realm, path))

    def encrypt(self, number: int, chunk: bytes | bytearray | memoryview, *, last: bool) -> bytes:
        return self._cipher.encrypt(_nonce(number, last), chunk, self._associated)

    def decrypt(self, number: int, chunk: bytes, *, last: bool) -> bytes:
        try:
            return self._cipher.decrypt(_nonce(number, last), chunk, self._associated)
        except (InvalidTag, ValueError) as error:
            raise FileDamaged(f"Chunk {number} of the file was altered, moved or cut.") from error


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\1" if last else b"\0")
