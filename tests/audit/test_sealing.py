"""The sealer and the checkpoints: nothing waits unseen, nothing is sealed twice, two keepers do no harm."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction

from audit.models import AuditEntry, AuditSeal, PendingSeal
from audit.sealed import sealed_table
from audit.services import record, seal_pending, verify, write_checkpoint
from audit.services import sealing as sealing_module
from audit.services.sealing import Sealer
from audit.streams import Stream, register, streams
from core.actors import Actor
from core.rounds import BankRound
from core.tenancy import bank_scope, public_scope


def _record(actor: Actor, count: int = 1) -> None:
    for number in range(count):
        record(actor=actor, action="a.b", target="t", target_id=str(number))


def _seal_all() -> None:
    while seal_pending():
        pass


def _take_dirty() -> set[str]:
    with public_scope(), connection.cursor() as cursor:
        cursor.execute("SELECT public.audit_take_dirty()")
        return {row[0] for row in cursor.fetchall()}


def test_each_row_gets_one_seal_in_order(bank, actor: Actor) -> None:
    _seal_all()
    before = AuditSeal.objects.count()
    _record(actor, 7)
    assert PendingSeal.objects.count() == 7
    assert seal_pending(limit=3) == 3
    assert seal_pending(limit=100) == 4
    assert seal_pending() == 0
    assert PendingSeal.objects.count() == 0
    seals = list(AuditSeal.objects.order_by("seq"))
    assert [seal.seq for seal in seals] == list(range(1, before + 8))
    assert {seal.row_id for seal in seals} == set(AuditEntry.objects.values_list("id", flat=True))
    assert verify(bank.schema).ok


def test_a_row_queued_twice_is_sealed_once(bank, actor: Actor) -> None:
    _seal_all()
    _record(actor)
    [waiting] = PendingSeal.objects.all()
    copy = {"stream": waiting.stream, "row_id": waiting.row_id, "row_hash": waiting.row_hash}
    PendingSeal.objects.create(**copy)
    assert seal_pending() == 1
    PendingSeal.objects.create(**copy)
    assert seal_pending() == 0
    assert PendingSeal.objects.count() == 0
    assert verify(bank.schema).ok


@pytest.mark.parametrize("path", ["public", "bank_beta, public", "bank_alpha, public"])
def test_a_row_waits_in_its_own_schema_wherever_the_search_path_leads(
    scratch_database, bank_a, superuser_connection, path: str
) -> None:
    """A raw connection must not put one bank's row into another's queue, nor into the platform's."""
    with superuser_connection() as raw:
        raw.execute(f"SET search_path = {path}")
        raw.execute(
            "INSERT INTO bank_alpha.audit_auditentry SELECT gen_random_uuid(), at, actor_kind, actor_id, actor_label,"
            " action, target, target_id, detail, personal, request_id, 'marked'"
            " FROM bank_alpha.audit_auditentry LIMIT 1"
        )
        counts = [
            raw.execute(
                f"SELECT count(*) FROM {s}.audit_pendingseal WHERE row_hash = 'marked'"
            ).fetchone()[0]
            for s in ("bank_alpha", "bank_beta", "public")
        ]
    assert counts == [1, 0, 0]


def test_a_write_marks_its_own_schema_whatever_it_says(bank_a, bank_b, actor: Actor) -> None:
    _take_dirty()
    with bank_scope(bank_a):
        _record(actor, 3)
    assert _take_dirty() == {bank_a.schema}
    assert _take_dirty() == set()
    with public_scope():
        _record(actor)
    with bank_scope(bank_b):
        _record(actor)
    assert _take_dirty() == {"public", bank_b.schema}


def test_the_keepers_round_seals_marked_banks_at_once(bank_a, bank_b, actor: Actor) -> None:
    sealer = Sealer()
    sealer.seal_due()
    with bank_scope(bank_a):
        _record(actor, 2)
    with bank_scope(bank_b):
        _record(actor)
    assert sealer.seal_due() == 3
    assert sealer.seal_due() == 0
    assert sealer.uncovered >= {bank_a.schema, bank_b.schema}


def test_a_row_committed_after_its_mark_was_taken_is_found_while_the_bank_is_active(
    bank_a, actor: Actor
) -> None:
    """Two transactions share one mark; the second commits when the sealer has taken it."""
    sealer = Sealer()
    with bank_scope(bank_a):
        _record(actor)
    sealer.seal_due()
    with bank_scope(bank_a):
        _record(actor)
    _take_dirty()
    assert sealer.seal_due() == 1


def test_without_any_mark_the_round_over_all_banks_finds_it(
    bank_a, actor: Actor, monkeypatch
) -> None:
    """As after a crash, which empties the unlogged table, or a commit later than the active minute."""
    sealer = Sealer()
    sealer.seal_due()
    with bank_scope(bank_a):
        _record(actor)
    _take_dirty()
    sealer.active_until.clear()
    sealer.unmarked.most = 0
    assert sealer.seal_due() == 0
    sealer.unmarked.most = 1
    assert sum(sealer.seal_due() for _ in range(3)) == 1


def test_one_banks_trouble_does_not_stop_the_others(
    bank_a, bank_b, actor: Actor, monkeypatch
) -> None:
    Sealer().seal_due()
    for bank in (bank_a, bank_b):
        with bank_scope(bank):
            _record(actor)
    real = sealing_module.seal_pending

    def failing() -> int:
        if sealing_module.current_context().schema == bank_a.schema:
            raise RuntimeError("trouble")
        return real()

    sealer = Sealer(unmarked=BankRound(most=0))
    monkeypatch.setattr(sealing_module, "seal_pending", failing)
    assert sealer.seal_due() == 1
    monkeypatch.setattr(sealing_module, "seal_pending", real)
    assert sealer.seal_due() == 1


def test_a_mark_of_a_bank_that_is_gone_is_dropped(bank_a) -> None:
    # What tests that really commit have left behind is sealed first.
    Sealer().seal_due()
    sealer = Sealer(active_until={"bank_gone": float("inf")}, unmarked=BankRound(most=0))
    _take_dirty()
    assert sealer.seal_due() == 0
    assert sealer.active_until == {}


def test_a_table_of_another_module_joins_the_same_chain(
    admin_login, bank_a, actor: Actor, superuser_connection
) -> None:
    """The helper for migrations, on a table made here; rows of both streams alternate in one chain."""
    table = "audit_test_decision"
    with superuser_connection() as raw:
        raw.execute(f"SET search_path = {bank_a.schema}, public")
        raw.execute(
            f"CREATE TABLE {table} (id uuid PRIMARY KEY, said text NOT NULL, fingerprint bytea NOT NULL)"
        )
        forward, backward = sealed_table(table, stream="test_decision", hash_column="fingerprint")
        raw.execute(forward)
        raw.execute(f"GRANT SELECT, INSERT ON {table} TO {bank_a.role}")
        register(
            Stream(
                "test_decision",
                table,
                ("said",),
                lambda _, row: [row["said"].encode()],
                "fingerprint",
            )
        )
        try:
            with bank_scope(bank_a), connection.cursor() as cursor:
                for said in ("yes", "no"):
                    record(actor=actor, action="a", target="t", target_id=said)
                    cursor.execute(
                        f"INSERT INTO {table} VALUES (%s, %s, %s)",
                        [uuid.uuid4(), said, said.encode()],
                    )
                _seal_all()
                tail = list(AuditSeal.objects.order_by("-seq").values_list("stream", flat=True)[:4])
                assert tail == ["test_decision", "audit", "test_decision", "audit"]
            assert verify(bank_a.schema).ok
            with pytest.raises(Exception, match="only grows"):
                raw.execute(f"UPDATE {table} SET said = 'no'")
            raw.execute("SET session_replication_role = replica")
            raw.execute(f"UPDATE {table} SET said = 'no' WHERE said = 'yes'")
            [finding] = verify(bank_a.schema).findings
            assert finding.stream == "test_decision"
            raw.execute(backward)
        finally:
            raw.execute(f"DROP TABLE {table}")
            _forget_stream("test_decision")


def _forget_stream(name: str) -> None:
    from audit import streams as module

    module._streams.pop(name)
    assert name not in streams()


def test_sealers_and_writers_at_once_leave_one_whole_chain(
    scratch_database, bank_a, bank_b, actor: Actor
) -> None:
    """Four writers that also roll back, three sealers: every committed row sealed once, no other."""
    stop = threading.Event()
    written = 60

    def write(bank) -> int:
        try:
            with bank_scope(bank):
                for number in range(written):
                    with transaction.atomic():
                        _record(actor, 1 + number % 3)
                        if number % 5 == 0:
                            transaction.set_rollback(True)
            return 0
        finally:
            connections.close_all()

    def seal() -> int:
        sealer, count = Sealer(), 0
        try:
            while not stop.is_set():
                count += sealer.seal_due()
            sealer.unmarked = BankRound(most=100)
            return count + sealer.seal_due()
        finally:
            connections.close_all()

    def look() -> list[str]:
        """Verifying meanwhile never accuses anybody."""
        found: list[str] = []
        try:
            while not stop.is_set():
                with bank_scope(bank_a):
                    write_checkpoint()
                found += [str(finding) for finding in verify(bank_a.schema).findings]
            return found
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        looking = pool.submit(look)
        sealers = [pool.submit(seal) for _ in range(3)]
        writers = [pool.submit(write, bank) for bank in (bank_a, bank_a, bank_b, bank_b)]
        for writer in writers:
            writer.result()
        stop.set()
        assert sum(sealer.result() for sealer in sealers) > 0
        assert looking.result() == []
    for bank in (bank_a, bank_b):
        with bank_scope(bank):
            write_checkpoint()
            assert PendingSeal.objects.count() == 0
            assert AuditSeal.objects.count() == AuditEntry.objects.count()
        report = verify(bank.schema)
        assert (report.ok, report.uncovered) == (True, 0)


def test_a_long_transaction_does_not_make_others_wait(
    scratch_database, bank_a, actor: Actor
) -> None:
    """Its mark is not committed yet; with a unique key another transaction's mark would wait for it."""

    def other() -> None:
        try:
            with bank_scope(bank_a), transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute("SET LOCAL lock_timeout = '2s'")
                _record(actor)
        finally:
            connections.close_all()

    _take_dirty()
    with ThreadPoolExecutor(1) as pool, bank_scope(bank_a), transaction.atomic():
        _record(actor)
        pool.submit(other).result()
