"""The vault against real PostgreSQL: one bank's keys, rows and values are useless to another."""

import os
import secrets
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from core.errors import Gone
from core.tenancy import NoBankSet, bank_scope, public_scope
from core.vault import (
    BankKeysMissing,
    DecryptionRefused,
    SubjectErased,
    SubjectValue,
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


@pytest.fixture(autouse=True)
def _outside(settings, tmp_path):
    """Ledger files of these tests alone, and no key kept from another test."""
    settings.CHECKPOINT_DIR = str(tmp_path)
    forget_keyring()
    yield
    register_key_provider(None)
    forget_keyring()


def _sql(statement: str, *values: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values))
        return cursor.fetchall() if cursor.description else []


def test_a_value_opens_in_its_bank_and_place_only(bank_a, bank_b) -> None:
    with bank_scope(bank_a):
        envelope = vault().encrypt("customer", "name", "row-1", b"Zhang Wei")
        assert vault().decrypt("customer", "name", "row-1", memoryview(envelope)) == b"Zhang Wei"
        for place in (
            ("customer", "name", "row-2"),
            ("customer", "phone", "row-1"),
            ("x", "name", "row-1"),
        ):
            with pytest.raises(DecryptionRefused):
                vault().decrypt(*place, envelope)
    with bank_scope(bank_b), pytest.raises(DecryptionRefused):
        vault().decrypt("customer", "name", "row-1", envelope)


def test_a_blind_index_is_stable_in_a_bank_and_unlinkable_between_banks(bank_a, bank_b) -> None:
    with bank_scope(bank_a):
        first = vault().blind_index("phone", "13800000000")
        assert vault().blind_index("phone", "13800000000") == first
    with bank_scope(bank_b):
        assert vault().blind_index("phone", "13800000000") != first


def test_without_a_bank_there_is_no_vault(bank_a) -> None:
    with pytest.raises(NoBankSet):
        vault()
    with public_scope(), pytest.raises(NoBankSet):
        vault()


def test_a_persons_value_opens_for_that_person_only(bank) -> None:
    envelope = vault().encrypt_for_subject("c-1", "decision", "d-1", b"income 9000")
    other = vault().encrypt_for_subject("c-2", "decision", "d-2", b"income 100")
    assert vault().decrypt_for_subject("c-1", "decision", "d-1", envelope) == b"income 9000"
    for ref, row, data in (
        ("c-2", "d-1", envelope),
        ("c-1", "d-2", envelope),
        ("c-1", "d-1", other),
    ):
        with pytest.raises(DecryptionRefused):
            vault().decrypt_for_subject(ref, "decision", row, data)
    with pytest.raises(DecryptionRefused):
        vault().decrypt_for_subject("never-seen", "decision", "d-1", envelope)
    with pytest.raises(DecryptionRefused):
        vault().decrypt("decision", "-", "d-1", envelope)


def test_a_new_person_costs_one_statement_and_a_known_one_too(
    bank, django_assert_num_queries
) -> None:
    vault()
    with django_assert_num_queries(1):
        first = vault().encrypt_for_subject("c-1", "decision", "d-1", b"one")
    with django_assert_num_queries(1):
        second = vault().encrypt_for_subject("c-1", "decision", "d-2", b"two")
    assert vault().decrypt_for_subject("c-1", "decision", "d-1", first) == b"one"
    assert vault().decrypt_for_subject("c-1", "decision", "d-2", second) == b"two"
    assert _sql("SELECT count(*) FROM public.vault_subject_key") == [(1,)]


def test_many_at_once_equal_one_by_one(bank, django_assert_num_queries) -> None:
    single = vault().encrypt_for_subject("c-0", "decision", "d-x", b"old")
    values = [SubjectValue(f"c-{n % 3}", f"d-{n}", f"value {n}".encode()) for n in range(9)]
    with django_assert_num_queries(2):
        envelopes = vault().encrypt_for_subjects("decision", values)
    for value, envelope in zip(values, envelopes, strict=True):
        assert (
            vault().decrypt_for_subject(value.subject_ref, "decision", value.row_id, envelope)
            == value.data
        )
    sealed = [
        SubjectValue(v.subject_ref, v.row_id, e) for v, e in zip(values, envelopes, strict=True)
    ]
    sealed.append(SubjectValue("c-0", "d-x", single))
    with django_assert_num_queries(1):
        opened = vault().decrypt_for_subjects("decision", sealed)
    assert opened == [*(value.data for value in values), b"old"]


def test_erasure_makes_everything_of_one_person_unreadable_for_good(
    bank, django_capture_on_commit_callbacks
) -> None:
    gone = vault().encrypt_for_subject("c-1", "decision", "d-1", b"secret")
    kept = vault().encrypt_for_subject("c-2", "decision", "d-2", b"other")
    assert not vault().is_erased("c-1")
    with django_capture_on_commit_callbacks(execute=True):
        vault().erase_subject("c-1")
    assert vault().is_erased("c-1")
    with pytest.raises(SubjectErased) as refusal:
        vault().decrypt_for_subject("c-1", "decision", "d-1", gone)
    assert isinstance(refusal.value, Gone)
    assert refusal.value.status == 410
    with pytest.raises(SubjectErased):
        vault().encrypt_for_subject("c-1", "decision", "d-3", b"new")
    with pytest.raises(SubjectErased):
        vault().encrypt_for_subjects("decision", [SubjectValue("c-1", "d-4", b"new")])
    assert vault().decrypt_for_subjects("decision", [SubjectValue("c-1", "d-1", gone)]) == [None]
    assert vault().decrypt_for_subject("c-2", "decision", "d-2", kept) == b"other"
    vault().erase_subject("c-1")
    assert _sql("SELECT count(*) FROM public.vault_erasure") == [(1,)]


def test_erasing_a_person_never_seen_leaves_no_way_to_write_later(bank) -> None:
    vault().erase_subject("later")
    with pytest.raises(SubjectErased):
        vault().encrypt_for_subject("later", "decision", "d-1", b"x")


def test_the_ledger_names_nobody(bank, tmp_path, django_capture_on_commit_callbacks) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        vault().erase_subject("c-13800000000")
    text = Path(tmp_path / f"{bank.schema}.erasures.jsonl").read_text()
    assert "13800000000" not in text
    assert vault().subject_id("c-13800000000").hex() in text


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM public.vault_subject_key",
        "TRUNCATE public.vault_subject_key",
        "UPDATE public.vault_subject_key SET schema = 'bank_beta'",
        "UPDATE public.vault_bank_key SET wrapped = 'x'",
        "INSERT INTO public.vault_bank_key VALUES ('bank_alpha', 'data', 9, 'x', 1)",
        "DELETE FROM public.vault_erasure",
        "UPDATE public.vault_erasure SET erased_at = now()",
        "INSERT INTO public.vault_subject_key VALUES ('bank_beta', decode(repeat('00', 32), 'hex'), 'x', 1)",
        "INSERT INTO public.vault_erasure VALUES ('bank_beta', decode(repeat('00', 32), 'hex'), now())",
        "UPDATE public.vault_subject_key SET wrapped = 'old', destroyed_at = NULL",
        "ALTER TABLE public.vault_subject_key DISABLE ROW LEVEL SECURITY",
    ],
)
def test_a_banks_role_is_refused_by_postgresql(bank, statement: str) -> None:
    vault().encrypt_for_subject("c-1", "decision", "d-1", b"x")
    vault().erase_subject("c-1")
    with pytest.raises(DatabaseError), transaction.atomic():
        _sql(statement)


def test_a_banks_role_sees_and_changes_its_own_rows_alone(bank_a, bank_b) -> None:
    with bank_scope(bank_a):
        vault().encrypt_for_subject("c-1", "decision", "d-1", b"x")
        vault().erase_subject("c-2")
    with bank_scope(bank_b):
        assert {row[0] for row in _sql("SELECT schema FROM public.vault_bank_key")} == {
            bank_b.schema
        }
        assert _sql("SELECT count(*) FROM public.vault_subject_key") == [(0,)]
        assert _sql("SELECT count(*) FROM public.vault_erasure") == [(0,)]
        _sql("UPDATE public.vault_subject_key SET wrapped = NULL, destroyed_at = now()")
    with bank_scope(bank_a):
        assert not vault().is_erased("c-1")


def test_the_platforms_web_login_sees_no_key_at_all(bank_a) -> None:
    with public_scope():
        with pytest.raises(DatabaseError), transaction.atomic():
            _sql("SELECT * FROM public.vault_bank_key")
        with pytest.raises(DatabaseError), transaction.atomic():
            _sql("SELECT * FROM public.vault_subject_key")


def test_no_key_and_no_value_stands_in_clear_in_the_tables(bank, superuser_connection) -> None:
    envelope = vault().encrypt_for_subject("c-1", "decision", "d-1", b"canary-in-clear")
    data_key = vault().file_key()[1]
    stored = _sql(
        "SELECT wrapped FROM public.vault_subject_key UNION ALL SELECT wrapped FROM public.vault_bank_key"
    )
    assert len(stored) == 3
    assert all(data_key not in bytes(row[0]) for row in stored)
    assert b"canary" not in envelope


def test_a_missing_key_is_an_error_and_not_a_new_key(bank_a) -> None:
    with bank_scope(bank_a):
        envelope = bytearray(vault().encrypt("p", "c", "1", b"x"))
        envelope[5] = 9
        with pytest.raises(BankKeysMissing):
            vault().decrypt("p", "c", "1", bytes(envelope))


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
