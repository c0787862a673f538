"""Cache keys carry the schema, so that one bank can never read another's value."""

from core.tenancy import current_context


def bank_key(key: str, key_prefix: str, version: int) -> str:
    """`KEY_FUNCTION` of the cache. Raises `NoBankSet` outside any scope."""
    return f"{current_context().schema}:{key_prefix}:{version}:{key}"
