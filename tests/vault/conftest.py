"""Nothing of one test's keys and ledgers is left to another."""

import pytest

from core.vault.keyring import forget_keyring
from core.vault.providers import register_key_provider


@pytest.fixture(autouse=True)
def _outside(settings, tmp_path):
    """Ledger files of these tests alone, and no key kept from another test."""
    settings.CHECKPOINT_DIR = str(tmp_path)
    forget_keyring()
    yield
    register_key_provider(None)
    forget_keyring()
