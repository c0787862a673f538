"""A bank's keys leaving with an export and coming back with an import; under the admin login."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction

from core.tenancy import public_scope
from core.vault import keyring, store
from core.vault.providers import key_provider


@dataclass(frozen=True, slots=True)
class KeyMaterial:
    """One unwrapped bank key. `kind` is data or index."""

    kind: str
    version: int
    key: bytes


def bank_key_material(schema: str) -> list[KeyMaterial]:
    """Every key of a bank in clear, ordered; for sealing to the bank itself and for nothing else."""
    with public_scope():
        rows = sorted(store.bank_keys(schema), key=lambda row: (row.kind, row.version))
        return [
            KeyMaterial(row.kind, row.version, keyring.unwrap_bank_key(schema, row)) for row in rows
        ]


def adopt_bank_keys(schema: str, keys: Iterable[KeyMaterial]) -> None:
    """Give a bank the keys it had elsewhere, wrapped under this platform's newest master key. May be repeated."""
    with public_scope(), transaction.atomic():
        for each in keys:
            context = keyring.bank_key_context(schema, each.kind, each.version)
            master_version, wrapped = key_provider().wrap(each.key, context=context)
            store.add_bank_key(
                schema, store.BankKeyRow(each.kind, each.version, wrapped, master_version)
            )
    keyring.forget_keyring(schema)
