"""The vault against real PostgreSQL: one bank's keys, rows and values are useless to another."""

from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction

from core.errors import Gone
from core.tenancy import NoBankSet, bank_scope, public_scope
from core.vault import (
    BankKeysMissing,
    DecryptionRefused,
    SubjectErased,
    SubjectValue,
    vault,
)


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


def test_a_new_person_costs_one_statement_and_a_known_one_two(
    bank, django_assert_num_queries
) -> None:
    vault()
    with django_assert_num_queries(1):
        first = vault().encrypt_for_subject("c-1", "decision", "d-1", b"one")
    with django_assert_num_queries(2):
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


def test_no_key_and_no_value_stands_in_clear_in_the_tables(bank) -> None:
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
