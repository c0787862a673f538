"""Finds banks by host or schema, from a cache of a few seconds in each process.

The cache's life is the longest time a suspended bank may still be served: three seconds, with no broker or cache server
in the way, so it holds also while Redis is down.
"""

import time
from threading import Lock

from core.tenancy import BankContext, UnknownBank, public_scope
from tenants.choices import BankState
from tenants.models import Bank, Domain

TTL_SECONDS = 3.0


class CachedDirectory:
    """`core.tenancy.BankDirectory` over the public tables."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._cache: dict[tuple[str, str], tuple[float, BankContext | None]] = {}

    def by_host(self, host: str) -> BankContext:
        return self._get("host", host.lower().rstrip("."))

    def by_schema(self, schema: str) -> BankContext:
        return self._get("schema", schema)

    def active(self) -> list[BankContext]:
        """All banks being served; not cached."""
        with public_scope():
            rows = (
                Bank.objects.filter(state=BankState.ACTIVE)
                .select_related("plan")
                .order_by("schema_name")
            )
            return [bank.as_context() for bank in rows]

    def active_after(self, schema: str, most: int) -> list[BankContext]:
        """The next banks being served in the order of their schemas, `most` at the most; not cached."""
        with public_scope():
            rows = (
                Bank.objects.filter(state=BankState.ACTIVE, schema_name__gt=schema)
                .select_related("plan")
                .order_by("schema_name")[:most]
            )
            return [bank.as_context() for bank in rows]

    def forget(self) -> None:
        """Drop what is cached in this process."""
        with self._lock:
            self._cache.clear()

    def _get(self, kind: str, value: str) -> BankContext:
        key = (kind, value)
        found = self._cache.get(key)
        if found is None or found[0] < time.monotonic():
            context = self._load(kind, value)
            with self._lock:
                if len(self._cache) > 10_000:
                    self._cache.clear()
                self._cache[key] = (time.monotonic() + TTL_SECONDS, context)
        else:
            context = found[1]
        if context is None:
            raise UnknownBank(value)
        return context

    @staticmethod
    def _load(kind: str, value: str) -> BankContext | None:
        if "\x00" in value:
            return None
        with public_scope():
            if kind == "host":
                domain = Domain.objects.select_related("tenant__plan").filter(domain=value).first()
                return domain.tenant.as_context(host=value) if domain else None
            bank = Bank.objects.select_related("plan").filter(schema_name=value).first()
            if bank is None:
                return None
            primary = Domain.objects.filter(tenant=bank, is_primary=True).first()
            return bank.as_context(host=primary.domain if primary else "")


directory = CachedDirectory()
