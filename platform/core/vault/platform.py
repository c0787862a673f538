"""Encryption for the platform's own rows: an operator's secrets, under keys derived from the master key."""

from core.tenancy import PUBLIC_SCHEMA, current_schema
from core.vault.engine.envelope import Header, KeyScope, Place, open_envelope, seal
from core.vault.errors import DecryptionRefused
from core.vault.providers import key_provider
from core.vault.service import Vault, vault

_LABEL = "vault.platform"


class PlatformVault:
    """`encrypt` and `decrypt` as a bank's vault has them; there are no persons' keys here."""

    schema = PUBLIC_SCHEMA

    def encrypt(self, purpose: str, column: str, row_id: str, plaintext: bytes) -> bytes:
        """The envelope; it opens only for the same purpose, column and row."""
        provider = key_provider()
        header = Header(KeyScope.BANK, provider.current_version())
        place = Place(self.schema, purpose, column, row_id)
        return seal(provider.derived_keys(_LABEL)[0], plaintext, place=place, header=header)

    def decrypt(self, purpose: str, column: str, row_id: str, envelope: bytes) -> bytes:
        """Raises `DecryptionRefused` when no master key we hold made it for this place."""
        place = Place(self.schema, purpose, column, row_id)
        refused = DecryptionRefused("No platform key opens this.")
        for key in key_provider().derived_keys(_LABEL):
            try:
                return open_envelope(key, bytes(envelope), place=place)
            except DecryptionRefused as error:
                refused = error
        raise refused


def scope_vault() -> Vault | PlatformVault:
    """The bank's vault in a bank's scope, the platform's in the public one."""
    return PlatformVault() if current_schema() == PUBLIC_SCHEMA else vault()
