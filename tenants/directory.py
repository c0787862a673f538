"""Finds banks by host or schema, from a cache of a few seconds in each process.

The cache's life is the longest time a suspended bank may still be served: three seconds, with no broker or cache server
in the way, so it holds also while Redis is down.

A bank whose schema is not at the code's version is served if every table and column the code needs is there; else its
state reads `upgrading`: a missing table would be looked for among the platform's own.
"""

import logging
import time
from dataclasses import replace
from threading import Lock

from core.clock import now
from core.tenancy import UPGRADING, BankContext, UnknownBank, public_scope
from tenants.choices import BankState
from tenants.models import Bank, Domain
from tenants.provisioning import versions
from tenants.provisioning.fitting import lacking
from tenants.quotas import limits_of, use_of

log = logging.getLogger(__name__)

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
        """All banks being served, without those whose schema lacks what the code needs; not cached."""
        with public_scope():
            rows = (
                Bank.objects.filter(state=BankState.ACTIVE)
                .select_related("plan")
                .order_by("schema_name")
            )
            contexts = [_fitted(bank, bank.as_context()) for bank in rows]
        return [context for context in contexts if context.is_active]

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
            _fitting.clear()

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
                return _fitted(domain.tenant, _context(domain.tenant, value)) if domain else None
            bank = Bank.objects.select_related("plan").filter(schema_name=value).first()
            if bank is None:
                return None
            primary = Domain.objects.filter(tenant=bank, is_primary=True).first()
            return _fitted(bank, _context(bank, primary.domain if primary else ""))


def _context(bank: Bank, host: str) -> BankContext:
    """With the limits in force and the use of the month: the decision's way asks for neither."""
    moment = now()
    return bank.as_context(host, quotas=limits_of(bank, moment), use=use_of(bank, moment))


def _fitted(bank: Bank, context: BankContext) -> BankContext:
    """The context, its state `upgrading` when an active bank's schema lacks something."""
    known = (bank.schema_name, bank.schema_version)
    if bank.state != BankState.ACTIVE or bank.schema_version == versions.code_state().version:
        return context
    if known not in _fitting:
        missing = lacking(bank.schema_name)
        if missing:
            log.warning("%s is not served: its schema lacks %s", bank.slug, ", ".join(missing[:10]))
            return replace(context, state=UPGRADING)
        _fitting.add(known)
    return context


# Schemas of another version than the code's, by name and version, that have all the code needs.
_fitting: set[tuple[str, str]] = set()
directory = CachedDirectory()
