"""A bank's keys over the years: made at onboarding, rotated, wrapped anew, and erasures applied
after a restore.

All of it runs under the admin login; each function enters the public scope itself.
"""

from django.db import transaction

from core.tenancy import public_scope
from core.vault import keyring, ledger_file, store
from core.vault.providers import key_provider


def create_bank_keys(schema: str) -> None:
    """The bank's first data key and its index key. Does nothing where they are there."""
    with public_scope(), transaction.atomic():
        for kind in (keyring.DATA, keyring.INDEX):
            store.add_bank_key(schema, keyring.new_bank_key(schema, kind, 1))
    keyring.forget_keyring(schema)


def rotate_bank_key(schema: str) -> int:
    """A new data key: new values are written under it, old ones stay readable. Returns its version."""
    with public_scope(), transaction.atomic():
        versions = [row.version for row in store.bank_keys(schema) if row.kind == keyring.DATA]
        version = max(versions, default=0) + 1
        store.add_bank_key(schema, keyring.new_bank_key(schema, keyring.DATA, version))
    keyring.forget_keyring(schema)
    return version


def destroy_bank_keys(schema: str) -> None:
    """Off-boarding: without its keys nothing the bank encrypted, in a backup or a file, can be read again."""
    with public_scope(), transaction.atomic():
        store.delete_bank(schema)
    keyring.forget_keyring(schema)


def rewrap_subject_keys(schema: str, *, limit: int = 10_000) -> int:
    """Wrap up to `limit` subject keys under the newest bank key; what they encrypted stays as it
    is.

    Returns how many were done: call again until 0.
    """
    with public_scope(), transaction.atomic():
        ring = keyring.bank_keyring(schema)
        rows = store.outdated_subject_keys(schema, version=ring.newest, limit=limit)
        renewed = []
        for row in rows:
            key = ring.unwrap_subject(row.subject, row.wrapped or b"", version=row.bank_key_version)
            version, wrapped = ring.wrap_subject(row.subject, key)
            renewed.append(store.SubjectKeyRow(row.subject, wrapped, version))
        if renewed:
            store.rewrap_subject_keys(schema, renewed)
    return len(renewed)


def rewrap_bank_keys(schema: str) -> int:
    """Wrap the bank's keys under the newest master key. Returns how many were not yet."""
    provider = key_provider()
    renewed = 0
    with public_scope(), transaction.atomic():
        for row in store.bank_keys(schema):
            if row.master_version == provider.current_version():
                continue
            key = keyring.unwrap_bank_key(schema, row)
            context = keyring.bank_key_context(schema, row.kind, row.version)
            master_version, wrapped = provider.wrap(key, context=context)
            store.replace_wrapping(
                schema, store.BankKeyRow(row.kind, row.version, wrapped, master_version)
            )
            renewed += 1
    keyring.forget_keyring(schema)
    return renewed


def reapply_erasures(schema: str) -> int:
    """After a restore: destroy again every key the ledger, in the table or outside, says was
    destroyed.

    Also writes to the file what only the table knows. Returns how many keys were destroyed now.
    """
    with public_scope(), transaction.atomic():
        outside, inside = ledger_file.read(schema), store.erasures(schema)
        known = {**inside, **outside}
        living = [
            s
            for s, row in store.subject_keys(schema, list(known)).items()
            if row.wrapped is not None
        ]
        for subject, at in known.items():
            store.destroy_subject_key(schema, subject, at=at)
    missing_outside = {subject: at for subject, at in inside.items() if subject not in outside}
    if missing_outside:
        ledger_file.append(schema, missing_outside)
    return len(living)
