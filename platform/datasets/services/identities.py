"""Encrypting identity columns, value by value, each bound to its load, column and row."""

import unicodedata
from collections import Counter

from core.vault import Vault, vault

PURPOSE = "datasets.identity"


def blind_purpose(column: str) -> str:
    """Equal values of equally named columns meet in a blind index, in whichever dataset they stand."""
    return f"{PURPOSE}:{column}"


def normalised(value: str) -> str:
    """Width variants and outer blanks do not make another person."""
    return unicodedata.normalize("NFKC", value).strip()


def row_id(load_id: str, position: int) -> str:
    """`position` counts the good rows of the load from 0."""
    return f"{load_id}:{position}"


class IdentitySealer:
    """The engine's `encrypt_identity` for one load; call it in row order."""

    def __init__(self, load_id: str) -> None:
        self._load_id = load_id
        self._vault: Vault = vault()
        self._seen: Counter[str] = Counter()

    def __call__(
        self, column: str, values: list[str | None]
    ) -> tuple[list[bytes | None], list[bytes | None]]:
        """Ciphertexts and blind indexes, None where the value is missing."""
        start = self._seen[column]
        self._seen[column] += len(values)
        sealed: list[bytes | None] = []
        indexes: list[bytes | None] = []
        for position, value in enumerate(values, start):
            if value is None:
                sealed.append(None)
                indexes.append(None)
                continue
            place = row_id(self._load_id, position)
            sealed.append(self._vault.encrypt(PURPOSE, column, place, value.encode()))
            indexes.append(self._vault.blind_index(blind_purpose(column), normalised(value)))
        return sealed, indexes
