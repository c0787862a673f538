"""Daily upkeep of the stored files."""

from core.storage import remove_old_drafts
from core.tenancy import bank_directory, bank_scope


def remove_old_drafts_everywhere() -> int:
    """Delete what killed writers left behind a day ago or longer; returns how many banks were looked at."""
    banks = bank_directory().active()
    for bank in banks:
        with bank_scope(bank):
            remove_old_drafts()
    return len(banks)
