"""Writing the trail: what an entry holds, and that PostgreSQL lets nobody take it back."""

import uuid
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from audit.entry_stream import COLUMNS, expected_hashes
from audit.models import AuditEntry
from audit.sealed import append_only, sealed_table
from audit.services import record, record_read, seal_pending, verify
from core.actors import Actor
from core.tenancy import NoBankSet, bank_scope, public_scope


def _sql(statement: str, *values: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values))
        return cursor.fetchall() if cursor.description else []


def test_an_entry_says_who_did_what(bank, actor: Actor, django_assert_num_queries) -> None:
    AuditEntry.objects.exists()
    with django_assert_num_queries(1):
        entry = record(
            actor=actor,
            action="model.approve",
            target="model",
            target_id="7",
            detail={"stage": "live"},
        )
    stored = AuditEntry.objects.get(pk=entry.pk)
    assert (stored.actor_kind, stored.actor_id, stored.actor_label) == (
        "user",
        "u-1",
        "ada@alpha.test",
    )
    assert (stored.action, stored.target, stored.target_id) == ("model.approve", "model", "7")
    assert stored.detail == {"stage": "live"}
    assert stored.request_id == "request-0001"
    assert stored.personal is False
    assert stored.at == entry.at
    assert str(stored) == "model.approve model 7"


def test_a_read_of_personal_data_is_marked(bank, actor: Actor) -> None:
    entry = record_read(
        actor=actor, target="customer", target_id="c-1", detail={"fields": ["name"]}
    )
    assert (entry.action, entry.personal) == ("customer.read", True)


@pytest.mark.parametrize(
    "detail",
    [
        {"amount": 1e22, "rate": 0.1, "tiny": 5e-324, "zero": -0.0, "whole": 3.0, "big": 2**70},
        {"text": "零\x00 and \ud800", "key\x00": [None, True, {"deep": [[]]}]},
        {
            "decimal": Decimal("1.10"),
            "id": uuid.UUID(int=5),
            "set": {"b", "a"},
            "nan": float("inf"),
        },
        {"b": 1, "a": 2, "A": 3, "é": 4, "": 5},
        {"x" * 50: list(range(200))},
    ],
)
def test_the_hash_fits_after_any_detail_went_through_the_database(
    bank, actor: Actor, detail: dict
) -> None:
    entry = record(actor=actor, action="a", target="t", target_id="1", detail=detail)
    columns = ", ".join(("id", *COLUMNS))
    [row] = _sql(f"SELECT {columns}, row_hash FROM audit_auditentry WHERE id = %s", entry.pk)
    values = dict(zip(("id", *COLUMNS), row, strict=False))
    assert bytes(row[-1]) in expected_hashes(bank.schema, values)
    values["target_id"] = "2"
    assert bytes(row[-1]) not in expected_hashes(bank.schema, values)
    assert bytes(row[-1]) not in expected_hashes("bank_beta", {**values, "target_id": "1"})


def test_long_and_hostile_texts_never_stop_a_write(bank) -> None:
    hostile = Actor(kind="client", id="x" * 500, label="l\x00" * 300, request_id="r" * 99)
    entry = record(actor=hostile, action="a" * 500, target="t" * 500, target_id="i\x00" * 500)
    stored = AuditEntry.objects.get(pk=entry.pk)
    assert (len(stored.actor_id), len(stored.actor_label), len(stored.target_id)) == (100, 254, 200)


def test_without_a_scope_nothing_is_recorded(bank_a, actor: Actor) -> None:
    with pytest.raises(NoBankSet):
        record(actor=actor, action="a", target="t", target_id="1")


def test_each_bank_has_its_own_trail_and_the_platform_too(bank_a, bank_b, actor: Actor) -> None:
    with bank_scope(bank_a):
        own = record(actor=actor, action="a", target="t", target_id="1")
    for scope in (bank_scope(bank_b), public_scope()):
        with scope:
            assert not AuditEntry.objects.filter(pk=own.pk).exists()
    with public_scope():
        ops = record(actor=actor, action="a", target="t", target_id="2")
        assert AuditEntry.objects.filter(pk=ops.pk).exists()
    with bank_scope(bank_a):
        assert AuditEntry.objects.filter(pk=own.pk).exists()
        assert not AuditEntry.objects.filter(pk=ops.pk).exists()


@pytest.mark.parametrize("table", ["audit_auditentry", "audit_auditseal"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET row_hash = 'x'",
        "DELETE FROM {}",
        "TRUNCATE {}",
        "ALTER TABLE {} DISABLE TRIGGER ALL",
    ],
)
def test_a_banks_role_only_adds(bank, actor: Actor, table: str, statement: str) -> None:
    record(actor=actor, action="a", target="t", target_id="1")
    seal_pending()
    before = _sql(f"SELECT count(*) FROM {table}")
    with (
        pytest.raises(DatabaseError, match=r"permission denied|must be owner"),
        transaction.atomic(),
    ):
        _sql(statement.format(table))
    assert _sql(f"SELECT count(*) FROM {table}") == before != [(0,)]


@pytest.mark.parametrize("table", ["audit_auditentry", "audit_auditseal"])
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET row_hash = 'x'", "DELETE FROM {}", "TRUNCATE {}"]
)
def test_the_trigger_refuses_a_superuser_too(
    bank_a, superuser_connection, table: str, statement: str
) -> None:
    with superuser_connection() as raw, pytest.raises(Exception, match="only grows"):
        raw.execute(statement.format(f"{bank_a.schema}.{table}"))


def test_models_refuse_too(bank, actor: Actor) -> None:
    entry = record(actor=actor, action="a", target="t", target_id="1")
    for change in (entry.delete, entry.save, AuditEntry.objects.all().delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    assert AuditEntry.objects.filter(pk=entry.pk).exists()


def test_an_entry_of_a_rolled_back_write_is_gone_with_it(bank, actor: Actor) -> None:
    before = AuditEntry.objects.count()

    def fail_after_recording() -> None:
        with transaction.atomic():
            record(actor=actor, action="a", target="t", target_id="1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_recording()
    assert AuditEntry.objects.count() == before
    seal_pending()
    assert verify(bank.schema).ok


@pytest.mark.parametrize("name", ["bad name", "x\n", "x; DROP TABLE y", "", "Ü", "a" * 60])
def test_trigger_sql_takes_plain_names_only(name: str) -> None:
    with pytest.raises(ValueError, match="plain lower-case name"):
        append_only(name)
    with pytest.raises(ValueError, match="plain lower-case name"):
        sealed_table("scoring_decision", stream=name)
