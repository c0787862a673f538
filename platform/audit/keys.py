"""The keys of the trail, one set a schema. They come from the master key and are never in
PostgreSQL.
"""

from core.tenancy import realm_of
from core.vault.providers import key_provider


def row_keys(schema: str) -> tuple[bytes, ...]:
    """Keys that authenticate rows, newest first: written with the first, accepted with each."""
    return key_provider().derived_keys(f"audit-row:{realm_of(schema)}")


def seal_keys(schema: str) -> tuple[bytes, ...]:
    """Keys that link seals, newest first."""
    return key_provider().derived_keys(f"audit-seal:{realm_of(schema)}")
