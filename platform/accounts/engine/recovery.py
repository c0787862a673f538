"""Recovery codes: written down once, used once, kept as hashes."""

import hashlib
import secrets

COUNT = 10
# Without I, L, O, U, 0 and 1, which people mix up: 30 letters, so 16 of them hold 78 bits.
LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 16


def new_codes(count: int = COUNT) -> list[str]:
    """Fresh codes like `ABCD-EFGH-JKMN-PQRS`."""
    return [_grouped("".join(secrets.choice(LETTERS) for _ in range(LENGTH))) for _ in range(count)]


def normal(code: str) -> str:
    """What a person typed, without blanks, dashes and small letters."""
    return "".join(c for c in code.upper() if c.isalnum())


def hash_of(code: str, *, owner: str) -> str:
    """What is stored: 78 random bits need no slow hash, the owner keeps equal codes apart."""
    return hashlib.sha256(f"recovery\x00{owner}\x00{normal(code)}".encode()).hexdigest()


def _grouped(text: str) -> str:
    return "-".join(text[i : i + 4] for i in range(0, len(text), 4))
