"""Keys over the years: rotation, a new master key, off-boarding, and erasures after a restore."""

import os
import secrets
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from core.tenancy import bank_scope
from core.vault import (
    BankKeysMissing,
    DecryptionRefused,
    SubjectErased,
    create_bank_keys,
    destroy_bank_keys,
    reapply_erasures,
    rewrap_bank_keys,
    rewrap_subject_keys,
    rotate_bank_key,
    vault,
)
from core.vault.keyring import forget_keyring
from core.vault.providers import (
    FileKeyProvider,
    MasterKeyMissing,
    key_provider,
    parse_master_keys,
    register_key_provider,
)


def _sql(statement: str, *values: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values))
        return cursor.fetchall() if cursor.description else []


class TestRotation:
    """Under the migrating login, in a private database."""

    @pytest.fixture
    def both(self, admin_login, bank_a):
        return bank_a

    def test_a_new_bank_key_writes_and_the_old_one_reads(self, both) -> None:
        with bank_scope(both):
            old = vault().encrypt("p", "c", "1", b"old")
            personal = vault().encrypt_for_subject("c-1", "p", "1", b"mine")
        assert rotate_bank_key(both.schema) == 2
        with bank_scope(both):
            new = vault().encrypt("p", "c", "1", b"new")
            assert (old[2:6], new[2:6]) == (b"\0\0\0\1", b"\0\0\0\2")
            assert vault().decrypt("p", "c", "1", old) == b"old"
            assert vault().decrypt("p", "c", "1", new) == b"new"
        assert rewrap_subject_keys(both.schema) == 1
        assert rewrap_subject_keys(both.schema) == 0
        with bank_scope(both):
            assert _sql("SELECT bank_key_version FROM public.vault_subject_key") == [(2,)]
            assert vault().decrypt_for_subject("c-1", "p", "1", personal) == b"mine"

    def test_a_process_with_old_keys_learns_a_new_version_when_it_meets_one(self, both) -> None:
        with bank_scope(both):
            stale = vault()
        rotate_bank_key(both.schema)
        with bank_scope(both):
            new = vault().encrypt("p", "c", "1", b"new")
            assert stale.decrypt("p", "c", "1", new) == b"new"

    def test_a_new_master_key_wraps_anew_and_the_old_one_can_go(self, both) -> None:
        path = Path(os.environ["PANORAMA_MASTER_KEY_FILE"])
        first = parse_master_keys(path.read_text())[1]
        second = secrets.token_bytes(32)
        with bank_scope(both):
            old = vault().encrypt("p", "c", "1", b"old")
        register_key_provider(FileKeyProvider({1: first, 2: second}))
        assert rewrap_bank_keys(both.schema) == 2
        assert rewrap_bank_keys(both.schema) == 0
        register_key_provider(FileKeyProvider({2: second}))
        forget_keyring()
        with bank_scope(both):
            assert vault().decrypt("p", "c", "1", old) == b"old"
        register_key_provider(FileKeyProvider({1: first}))
        forget_keyring()
        with bank_scope(both), pytest.raises(MasterKeyMissing):
            vault()

    def test_keys_are_made_once(self, both) -> None:
        with bank_scope(both):
            before = vault().file_key()
        create_bank_keys(both.schema)
        with bank_scope(both):
            assert vault().file_key() == before

    def test_the_command_rotates_and_wraps_everything_anew(self, both, capsys) -> None:
        with bank_scope(both):
            personal = vault().encrypt_for_subject("c-1", "p", "1", b"mine")
        call_command("rotate_keys", schema=both.schema, new=True)
        assert "new bank key, version 2" in capsys.readouterr().out
        call_command("rotate_keys", all=True)
        assert f"{both.schema}: 0 bank and 0 subject keys" in capsys.readouterr().out
        with bank_scope(both):
            assert vault().decrypt_for_subject("c-1", "p", "1", personal) == b"mine"

    def test_an_off_boarded_banks_data_is_unreadable_and_others_stay(self, both, bank_b) -> None:
        with bank_scope(both):
            gone = vault().encrypt("p", "c", "1", b"alpha")
        with bank_scope(bank_b):
            other = vault().encrypt("p", "c", "1", b"beta")
        destroy_bank_keys(both.schema)
        with bank_scope(both), pytest.raises(BankKeysMissing):
            vault()
        create_bank_keys(both.schema)
        with bank_scope(both), pytest.raises(DecryptionRefused):
            vault().decrypt("p", "c", "1", gone)
        with bank_scope(bank_b):
            assert vault().decrypt("p", "c", "1", other) == b"beta"

    def test_an_erasure_survives_the_restore_of_an_older_backup(
        self, both, superuser_connection, capsys
    ) -> None:
        with bank_scope(both):
            envelope = vault().encrypt_for_subject("c-1", "p", "1", b"mine")
            kept = vault().encrypt_for_subject("c-2", "p", "2", b"yours")
            backup = _sql("SELECT subject, wrapped FROM public.vault_subject_key")
            vault().erase_subject("c-1")
        with superuser_connection() as raw:
            raw.execute("SET session_replication_role = replica")
            raw.execute("DELETE FROM public.vault_erasure")
            for subject, wrapped in backup:
                raw.execute(
                    "UPDATE public.vault_subject_key SET wrapped = %s, destroyed_at = NULL WHERE subject = %s",
                    [bytes(wrapped), bytes(subject)],
                )
        with bank_scope(both):
            assert vault().decrypt_for_subject("c-1", "p", "1", envelope) == b"mine"
        call_command("reapply_erasures", schema=both.schema)
        assert "1 keys destroyed again" in capsys.readouterr().out
        assert reapply_erasures(both.schema) == 0
        with bank_scope(both):
            with pytest.raises(SubjectErased):
                vault().decrypt_for_subject("c-1", "p", "1", envelope)
            assert vault().decrypt_for_subject("c-2", "p", "2", kept) == b"yours"


def test_the_master_key_file_is_made_once_for_the_owner_alone(tmp_path) -> None:
    path = tmp_path / "secrets" / "master.key"
    first = FileKeyProvider.from_file(path)
    again = FileKeyProvider.from_file(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in path.parent.iterdir()] == ["master.key"]
    assert first.derived_keys("x") == again.derived_keys("x")
    version, wrapped = first.wrap(b"k" * 32, context=b"c")
    assert again.unwrap(wrapped, version=version, context=b"c") == b"k" * 32


@pytest.mark.parametrize(
    "text",
    ["", "1:AAAA\n", "not base64!\n", "0:" + "A" * 43 + "=\n", ("1:" + "A" * 43 + "=\n") * 2],
)
def test_a_broken_master_key_file_is_refused(text: str) -> None:
    with pytest.raises(MasterKeyMissing):
        parse_master_keys(text)


def test_the_registered_provider_takes_the_files_place() -> None:
    other = FileKeyProvider({3: b"k" * 32})
    register_key_provider(other)
    assert key_provider() is other
    register_key_provider(None)
    assert key_provider() is not other
