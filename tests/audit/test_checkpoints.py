"""Checkpoints outside PostgreSQL: one for each state of a chain, whole or not at all."""

from audit.models import AuditSeal
from audit.services import archive_checkpoints, record, seal_pending, verify, write_checkpoint
from audit.services import keeping as keeping_module
from audit.services.checkpoints import checkpoint_path, read_checkpoints
from audit.services.sealing import Sealer
from core.actors import Actor
from core.tenancy import bank_scope


def _record(actor: Actor, count: int = 1) -> None:
    for number in range(count):
        record(actor=actor, action="a.b", target="t", target_id=str(number))


def _seal_all() -> None:
    while seal_pending():
        pass


def test_a_checkpoint_is_written_once_per_state(bank, actor: Actor) -> None:
    _record(actor)
    _seal_all()
    first = write_checkpoint()
    assert first is not None
    assert first.seq == AuditSeal.objects.count()
    assert write_checkpoint() is None
    _record(actor)
    _seal_all()
    second = write_checkpoint()
    assert second is not None
    assert second.seq == first.seq + 1
    assert [line.checkpoint for line in read_checkpoints(bank.schema)] == [first, second]
    assert checkpoint_path(bank.schema).stat().st_mode & 0o777 == 0o600


def test_a_line_cut_short_by_a_crash_is_no_forgery(bank, actor: Actor) -> None:
    _record(actor)
    _seal_all()
    write_checkpoint()
    path = checkpoint_path(bank.schema)
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:50])
    assert verify(bank.schema).ok
    _record(actor)
    _seal_all()
    assert write_checkpoint() is not None
    report = verify(bank.schema)
    assert report.ok
    assert report.checkpoints == 2


def test_a_closed_banks_checkpoints_are_kept_aside(bank, actor: Actor) -> None:
    assert archive_checkpoints(bank.schema) is None
    _record(actor)
    _seal_all()
    write_checkpoint()
    content = checkpoint_path(bank.schema).read_bytes()
    kept = archive_checkpoints(bank.schema)
    assert kept is not None
    assert kept.read_bytes() == content
    assert read_checkpoints(bank.schema) == []


def test_the_keeper_signs_every_bank_that_was_sealed(
    bank_a, bank_b, actor: Actor, monkeypatch
) -> None:
    monkeypatch.setattr(keeping_module, "_sealer", Sealer())
    monkeypatch.setattr(keeping_module, "_first_round", [True])
    with bank_scope(bank_a):
        _record(actor)
    keeping_module.seal_due_banks()
    assert keeping_module.checkpoint_due_banks() >= 1
    assert keeping_module.checkpoint_due_banks() == 0
    with bank_scope(bank_b):
        _record(actor)
    keeping_module.seal_due_banks()
    assert keeping_module.checkpoint_due_banks() == 1
    for bank in (bank_a, bank_b):
        report = verify(bank.schema)
        assert (report.ok, report.uncovered) == (True, 0)
