"""The vault: everything personal is encrypted under its bank's key, and under a person's key where
it can be erased.
"""

from core.vault.errors import BankKeysMissing, DecryptionRefused, SubjectErased
from core.vault.lifecycle import (
    create_bank_keys,
    destroy_bank_keys,
    reapply_erasures,
    rewrap_bank_keys,
    rewrap_subject_keys,
    rotate_bank_key,
)
from core.vault.platform import PlatformVault, scope_vault
from core.vault.service import SealedValue, SubjectBox, SubjectKey, SubjectValue, Vault, vault
from core.vault.travel import KeyMaterial, adopt_bank_keys, bank_key_material

__all__ = [
    "BankKeysMissing",
    "DecryptionRefused",
    "KeyMaterial",
    "PlatformVault",
    "SealedValue",
    "SubjectBox",
    "SubjectErased",
    "SubjectKey",
    "SubjectValue",
    "Vault",
    "adopt_bank_keys",
    "bank_key_material",
    "create_bank_keys",
    "destroy_bank_keys",
    "reapply_erasures",
    "rewrap_bank_keys",
    "rewrap_subject_keys",
    "rotate_bank_key",
    "scope_vault",
    "vault",
]
