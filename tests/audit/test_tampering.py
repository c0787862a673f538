"""Two hundred tampers of six kinds by a PostgreSQL superuser, each found and named, and nothing else accused."""

import json
import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command

from audit.models import AuditEntry, AuditSeal
from audit.services import Finding, FindingKind, record, seal_pending, verify, write_checkpoint
from core.actors import Actor
from core.tenancy import BankContext, bank_scope

ENTRIES = 32
EACH_KIND = 34
SCHEMA = "bank_alpha"
COPIES = {
    "audit_auditentry": "entry_copy",
    "audit_auditseal": "seal_copy",
    "audit_pendingseal": "pending_copy",
}
TEXT_COLUMNS = (
    "actor_kind",
    "actor_id",
    "actor_label",
    "action",
    "target",
    "target_id",
    "request_id",
)


@dataclass
class Trail:
    """A sealed and checkpointed trail, the superuser's connection to it, and the way back to its true state."""

    raw: psycopg.Connection
    folder: Path
    ids: list[uuid.UUID]
    last_seq: int
    random: random.Random

    def sql(self, statement: str, *values: object) -> list[tuple]:
        cursor = self.raw.execute(statement, list(values))
        return cursor.fetchall() if cursor.description else []

    @property
    def file(self) -> Path:
        return self.folder / f"{SCHEMA}.jsonl"

    def seq_of(self, row_id: uuid.UUID) -> int:
        return self.sql("SELECT seq FROM audit_auditseal WHERE row_id = %s", row_id)[0][0]

    def any_id(self) -> uuid.UUID:
        return self.random.choice(self.ids)

    def any_seq(self) -> int:
        return self.random.randint(1, self.last_seq)

    def insert(self, row_id: uuid.UUID, like: uuid.UUID, *, row_hash: bytes | None = None) -> None:
        self.sql(
            "INSERT INTO audit_auditentry SELECT %s, at, actor_kind, actor_id, actor_label, action, target, target_id,"
            " detail, personal, request_id, coalesce(%s, row_hash) FROM audit_auditentry WHERE id = %s",
            row_id, row_hash, like,
        )  # fmt: skip

    def save(self) -> None:
        for table, copy in COPIES.items():
            self.sql(f"CREATE TEMPORARY TABLE {copy} AS SELECT * FROM {table}")
        self.lines = self.file.read_text()

    def restore(self) -> None:
        for table, copy in COPIES.items():
            self.sql(f"DELETE FROM {table}")
            self.sql(f"INSERT INTO {table} SELECT * FROM {copy}")
        self.file.write_text(self.lines)


@pytest.fixture
def trail(
    scratch_database, bank_a: BankContext, superuser_connection, checkpoint_folder, actor
) -> Iterator[Trail]:
    with bank_scope(bank_a):
        for number in range(ENTRIES):
            detail = {"amount": number * 100, "note": f"row {number}"}
            record(
                actor=actor,
                action="limit.change",
                target="customer",
                target_id=str(number),
                detail=detail,
            )
            if number == ENTRIES // 2:
                _seal_and_sign()
        _seal_and_sign()
        ids = list(AuditEntry.objects.order_by("id").values_list("id", flat=True))
        last_seq = AuditSeal.objects.order_by("-seq").values_list("seq", flat=True)[0]
    with superuser_connection() as raw:
        raw.execute("SET session_replication_role = replica")
        raw.execute(f"SET search_path = {SCHEMA}")
        raw.execute("SET synchronous_commit = off")
        trail = Trail(raw, checkpoint_folder, ids, last_seq, random.Random(14))
        trail.save()
        yield trail


def _seal_and_sign() -> None:
    while seal_pending():
        pass
    assert write_checkpoint() is not None


def _names(finding: Finding, *, row: uuid.UUID | None = None, seq: int | None = None) -> bool:
    if row is not None:
        return finding.row_id == row
    assert seq is not None
    return finding.seq is not None and finding.seq <= seq <= (finding.last_seq or finding.seq)


Tamper = Callable[[Trail], Callable[[Finding], bool]]


def alter_entry(trail: Trail) -> Callable[[Finding], bool]:
    row = trail.any_id()
    choice = trail.random.randrange(len(TEXT_COLUMNS) + 7)
    if choice < len(TEXT_COLUMNS):
        column = TEXT_COLUMNS[choice]
        trail.sql(
            f"UPDATE audit_auditentry SET {column} = left({column} || '!', 9) || 'x' WHERE id = %s",
            row,
        )
    else:
        change = (
            "at = at + interval '1 microsecond'",
            "personal = NOT personal",
            "detail = detail || '{\"amount\": 1}'",
            "row_hash = sha256(row_hash)",
            "id = gen_random_uuid()",
            "at = 'infinity'",
            "detail = '\"text\"'",
        )[choice - len(TEXT_COLUMNS)]
        trail.sql(f"UPDATE audit_auditentry SET {change} WHERE id = %s", row)
    return lambda finding: _names(finding, row=row)


def delete_entry(trail: Trail) -> Callable[[Finding], bool]:
    row = trail.any_id()
    seq = trail.seq_of(row)
    with_seal = trail.random.random() < 0.5
    trail.sql("DELETE FROM audit_auditentry WHERE id = %s", row)
    if with_seal:
        trail.sql("DELETE FROM audit_auditseal WHERE seq = %s", seq)
    return lambda finding: _names(finding, seq=seq) if with_seal else _names(finding, row=row)


def insert_entry(trail: Trail) -> Callable[[Finding], bool]:
    row, like = uuid.UUID(int=trail.random.getrandbits(128)), trail.any_id()
    by_trigger = trail.random.random() < 0.5
    if by_trigger:
        trail.sql("SET session_replication_role = origin")
    trail.insert(row, like, row_hash=trail.random.choice((None, b"h" * 32)))
    if by_trigger:
        trail.sql("SET session_replication_role = replica")
        if trail.random.random() < 0.5:
            with bank_scope(SCHEMA):
                assert seal_pending() == 1
    return lambda finding: _names(finding, row=row)


def alter_seal(trail: Trail) -> Callable[[Finding], bool]:
    seq = trail.any_seq()
    change = trail.random.choice(
        ("row_hash = sha256(row_hash)", "mac = sha256(mac)", "sealed_at = sealed_at - interval '1 day'",
         "row_id = gen_random_uuid()", "stream = 'other'", "sealed_at = 'infinity'")
    )  # fmt: skip
    trail.sql(f"UPDATE audit_auditseal SET {change} WHERE seq = %s", seq)
    return lambda finding: _names(finding, seq=seq)


def remove_or_reorder_seals(trail: Trail) -> Callable[[Finding], bool]:
    first = trail.random.randint(1, trail.last_seq - 4)
    if trail.random.random() < 0.5:
        count = trail.random.randint(1, 3)
        trail.sql(
            "DELETE FROM audit_auditseal WHERE seq BETWEEN %s AND %s", first, first + count - 1
        )
        return lambda finding: (
            finding.kind is FindingKind.SEALS_MISSING and _names(finding, seq=first)
        )
    second = first + trail.random.randint(1, 4)
    trail.sql("UPDATE audit_auditseal SET seq = -1 WHERE seq = %s", first)
    trail.sql("UPDATE audit_auditseal SET seq = %s WHERE seq = %s", first, second)
    trail.sql("UPDATE audit_auditseal SET seq = %s WHERE seq = -1", second)
    return lambda finding: _names(finding, seq=first)


def cut_or_forge(trail: Trail) -> Callable[[Finding], bool]:
    choice = trail.random.randrange(4)
    start = trail.random.randint(2, trail.last_seq)
    if choice == 0:
        return _forge_line(trail)
    rows = [
        row for (row,) in trail.sql("SELECT row_id FROM audit_auditseal WHERE seq >= %s", start)
    ]
    trail.sql("DELETE FROM audit_auditseal WHERE seq >= %s", start)
    if choice == 1:
        trail.sql("DELETE FROM audit_auditentry WHERE id = ANY(%s)", rows)
        return lambda finding: (
            finding.kind is FindingKind.SEALS_MISSING and _names(finding, seq=start)
        )
    if choice == 2:
        return lambda finding: finding.kind is FindingKind.ROW_UNSEALED and finding.row_id in rows
    # The platform itself seals a shortened history anew: only the signed checkpoint remembers the true one.
    trail.sql("DELETE FROM audit_auditentry WHERE id = ANY(%s)", rows[:1])
    trail.sql(
        "INSERT INTO audit_pendingseal (stream, row_id, row_hash) SELECT 'audit', id, row_hash FROM audit_auditentry"
        " WHERE id = ANY(%s)",
        rows[1:],
    )
    with bank_scope(SCHEMA):
        seal_pending()
    last = trail.last_seq
    return lambda f: (
        f.kind in {FindingKind.CHAIN_REWRITTEN, FindingKind.SEALS_MISSING} and _names(f, seq=last)
    )


def _forge_line(trail: Trail) -> Callable[[Finding], bool]:
    lines = trail.lines.splitlines()
    number = trail.random.randint(1, len(lines))
    values = json.loads(lines[number - 1])
    name = trail.random.choice(("schema", "seq", "mac", "at", "previous", "signature"))
    values[name] = {"seq": 1, "mac": "00" * 32, "signature": "AAAA"}.get(
        name, "2026-01-01T00:00:00+00:00"
    )
    lines[number - 1] = json.dumps(values, separators=(",", ":"))
    trail.file.write_text("\n".join(lines) + "\n")
    return lambda finding: finding.kind is FindingKind.CHECKPOINT_FORGED and finding.line == number


KINDS: tuple[Tamper, ...] = (
    alter_entry, delete_entry, insert_entry, alter_seal, remove_or_reorder_seals, cut_or_forge,
)  # fmt: skip


def test_every_tamper_is_found_and_named(trail: Trail) -> None:
    """34 tampers of each of six kinds, one at a time, from the same true state."""
    assert verify(SCHEMA).ok
    tried, unnoticed = 0, []
    for tamper in KINDS:
        for number in range(EACH_KIND):
            is_named = tamper(trail)
            findings = verify(SCHEMA).findings
            if not any(is_named(finding) for finding in findings):
                unnoticed.append((tamper.__name__, number, [str(finding) for finding in findings]))
            tried += 1
            trail.restore()
        assert verify(SCHEMA).ok
    assert unnoticed == []
    assert tried == 204


def test_one_altered_entry_accuses_no_other(trail: Trail) -> None:
    row = trail.ids[7]
    seq = trail.seq_of(row)
    trail.sql("UPDATE audit_auditentry SET target_id = 'x' WHERE id = %s", row)
    [finding] = verify(SCHEMA).findings
    assert (finding.kind, finding.row_id, finding.seq) == (FindingKind.ROW_ALTERED, row, seq)
    assert str(row) in str(finding)


def test_rows_that_cannot_be_read_do_not_hide_the_others(trail: Trail) -> None:
    """Times beyond Python's, in entries, in an unsealed one and in a seal, beside an ordinary tamper."""
    unreadable, plain, unsealed = trail.ids[5], trail.ids[20], uuid.UUID(int=9)
    trail.insert(unsealed, plain)
    trail.sql(
        "UPDATE audit_auditentry SET at = '-infinity' WHERE id = ANY(%s)", [unreadable, unsealed]
    )
    trail.sql("UPDATE audit_auditentry SET personal = true WHERE id = %s", plain)
    trail.sql("UPDATE audit_auditseal SET sealed_at = '200000-01-01' WHERE seq = 30")
    findings = verify(SCHEMA).findings
    assert {f.row_id for f in findings if f.kind is FindingKind.ROW_ALTERED} == {unreadable, plain}
    assert [f.row_id for f in findings if f.kind is FindingKind.ROW_INSERTED] == [unsealed]
    assert [f.seq for f in findings if f.kind is FindingKind.SEAL_ALTERED] == [30]


def test_the_command_fails_and_names_the_row(trail: Trail, capsys) -> None:
    call_command("verify_audit", schema=SCHEMA)
    assert f"{SCHEMA}: ok" in capsys.readouterr().out
    with pytest.raises(CommandError, match=r"There is no bank \.\./x"):
        call_command("verify_audit", schema="../x")
    row = trail.ids[3]
    trail.sql("DELETE FROM audit_auditentry WHERE id = %s", row)
    with pytest.raises(CommandError, match=f"Tampered with: {SCHEMA}") as refusal:
        call_command("verify_audit", all=True)
    assert refusal.value.returncode == 1
    out = capsys.readouterr().out
    assert f"row deleted: audit row {row}" in out
    assert "public: ok" in out
    assert "bank_beta: ok" in out


def test_rows_after_the_last_checkpoint_are_named_as_a_limit(
    trail: Trail, actor: Actor, capsys
) -> None:
    with bank_scope(SCHEMA):
        record(actor=actor, action="a", target="t", target_id="1")
        record(actor=actor, action="a", target="t", target_id="2")
        seal_pending()
        record(actor=actor, action="a", target="t", target_id="3")
    report = verify(SCHEMA)
    assert report.ok
    assert (report.uncovered, report.waiting) == (3, 1)
    call_command("verify_audit", schema=SCHEMA)
    assert "3 row(s) are newer than the last checkpoint" in capsys.readouterr().out
