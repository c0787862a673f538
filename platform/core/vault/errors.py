"""What the vault tells its callers."""

from core.errors import Gone
from core.vault.engine.errors import DecryptionRefused


class SubjectErased(Gone):
    """The subject's key was destroyed: nothing encrypted for it can be read again, and nothing new
    is.
    """

    code = "subject_erased"
    title = "This person's data was erased"


class BankKeysMissing(RuntimeError):
    """The bank in force has no keys, or a value asks for a version it does not have."""


__all__ = ["BankKeysMissing", "DecryptionRefused", "SubjectErased"]
