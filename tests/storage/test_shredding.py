"""A file whose key was destroyed: this copy, an older copy put back, and a restored key store."""

import io
import os

import pytest
from django.db import transaction

from core import storage
from core.storage import layout, publishing
from core.storage.layout import ChunkCipher, FileHeader
from core.tenancy import bank_scope
from core.vault import reapply_erasures, vault
from core.vault.ledger_file import read


@pytest.fixture(autouse=True)
def _own_files(tmp_path, settings, outside):
    settings.CHECKPOINT_DIR = str(tmp_path / "outside")


def test_a_copy_kept_aside_cannot_be_read_after_the_key_is_gone(scratch_database, bank_a, outside):
    with bank_scope(bank_a):
        storage.put_stream("a/secret", io.BytesIO(b"of one person"))
        storage.put_stream("a/other", io.BytesIO(b"of another"))
        copy = outside.read(f"{bank_a.schema}/a/secret")
        with transaction.atomic():
            assert storage.shred("a/secret")
            assert storage.exists("a/secret"), "the file goes when the transaction commits"
        assert not storage.exists("a/secret")
        assert not storage.shred("a/secret")
        outside.write(f"{bank_a.schema}/a/secret", copy)
        with pytest.raises(storage.FileShredded):
            storage.open_reader("a/secret")
        assert storage.open_reader("a/other").read() == b"of another"
        assert len(read(bank_a.schema)) == 1


def test_what_a_rolled_back_transaction_shredded_is_still_there(scratch_database, bank_a, outside):
    with bank_scope(bank_a):
        storage.put_stream("a/secret", io.BytesIO(b"kept"))
        with transaction.atomic():
            storage.shred("a/secret")
            transaction.set_rollback(True)
        assert storage.open_reader("a/secret").read() == b"kept"
        assert read(bank_a.schema) == {}


def test_a_restored_key_store_forgets_the_file_again(
    admin_login, bank_a, superuser_connection, outside
):
    with bank_scope(bank_a):
        storage.put_stream("a/secret", io.BytesIO(b"of one person"))
        copy = outside.read(f"{bank_a.schema}/a/secret")
    with superuser_connection() as raw:
        kept = raw.execute("SELECT subject, wrapped FROM vault_subject_key").fetchall()
    with bank_scope(bank_a):
        storage.shred("a/secret")
    with superuser_connection() as raw:
        raw.execute("SET session_replication_role = replica")
        raw.execute("DELETE FROM vault_erasure")
        for subject, wrapped in kept:
            raw.execute(
                "UPDATE vault_subject_key SET wrapped = %s, destroyed_at = NULL WHERE subject = %s",
                [wrapped, subject],
            )
    with bank_scope(bank_a):
        outside.write(f"{bank_a.schema}/a/secret", copy)
        assert storage.open_reader("a/secret").read() == b"of one person"
    assert reapply_erasures(bank_a.schema) == 1
    with bank_scope(bank_a), pytest.raises(storage.FileShredded):
        storage.open_reader("a/secret")


def test_a_file_of_the_older_format_is_read_and_not_shredded(bank):
    version, key = vault().file_key()
    header = FileHeader(version, 1024, os.urandom(32), format=layout.DERIVED)
    cipher = ChunkCipher(key, header, realm=bank.realm, path="a/old")
    draft = publishing.new_draft(f"{bank.schema}/a/old")
    draft.write(header.pack() + cipher.encrypt(0, b"old", last=True))
    publishing.publish(draft, f"{bank.schema}/a/old", overwrite=False)
    assert storage.open_reader("a/old").read() == b"old"
    with pytest.raises(ValueError, match="cannot be destroyed alone"):
        storage.shred("a/old")


def test_another_banks_file_has_no_key_here(bank_a, bank_b, outside):
    with bank_scope(bank_a):
        storage.put_stream("a/mine", io.BytesIO(b"alpha"))
    outside.write(f"{bank_b.schema}/a/mine", outside.read(f"{bank_a.schema}/a/mine"))
    with bank_scope(bank_b), pytest.raises(storage.FileDamaged):
        storage.open_reader("a/mine")
