"""Cache keys carry the schema, so that one bank can never read another's value."""

from typing import Any

from django.core.cache import caches

from core.tenancy import current_context


def bank_key(key: str, key_prefix: str, version: int) -> str:
    """`KEY_FUNCTION` of the cache. Raises `NoBankSet` outside any scope."""
    return f"{current_context().schema}:{key_prefix}:{version}:{key}"


def purge_schema(schema: str) -> int:
    """Remove every cached value of a bank. Returns how many keys there were; raises when the cache is not to be had."""
    found = keys_of(schema)
    if found:
        _client().delete(*found)
    return len(found)


def keys_of(schema: str) -> list[bytes]:
    """The keys of a bank that are in the cache now."""
    return list(_client().scan_iter(match=f"{schema}:*", count=1_000))


def _client() -> Any:
    """The Redis client behind Django's cache, which has no way to list keys."""
    backend: Any = caches["default"]
    return backend._cache.get_client(None, write=True)
