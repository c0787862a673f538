"""Retention: minimums, purges piece by piece, holds, tombstones; and who may not delete."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, connection

from audit.models import AuditEntry, AuditSeal, Tombstone
from audit.services import record, seal_pending, verify
from audit.services.purging import purge_rows
from compliance import selectors, services
from compliance.models import PurgeRun
from compliance.services import schedule
from core import clock, due
from core.actors import system_actor
from core.clock import now
from core.errors import Conflict, Forbidden, InvalidInput
from core.retention import kinds
from core.tenancy import bank_scope, public_scope
from jobs.models import Job, JobLog
from scoring.models import Application, Decision, OutcomeObservation
from scoring.services import OutcomeIn, report_outcomes
from tests.compliance.conftest import FIRST, SYSTEM
from tests.scoring import portfolio
from tests.scoring.conftest import ANALYST, run_now

YEARS = timedelta(days=4_000)


@pytest.mark.django_db
class TestSettings:
    def test_below_the_minimum_of_the_jurisdiction_is_refused(self, bank):
        with pytest.raises(InvalidInput) as refused:
            services.set_retention(kind="audit.entry", days=1_095, note="Less.", actor=FIRST)
        assert refused.value.errors[0].pointer == "/days"
        assert "PIPL" in refused.value.errors[0].detail
        services.set_retention(kind="audit.entry", days=1_096, note="Three years.", actor=FIRST)
        assert selectors.days_in_force()["audit.entry"] == 1_096
        services.set_retention(kind="audit.entry", days=2_000, note="Longer.", actor=FIRST)
        assert selectors.days_in_force()["audit.entry"] == 2_000
        with pytest.raises(Forbidden):
            services.set_retention(kind="audit.entry", days=2_000, note="No.", actor=ANALYST)

    def test_without_a_setting_the_default_is_in_force_and_every_kind_has_a_rule(self, bank):
        views = {view.code: view for view in selectors.kind_views()}
        assert views["audit.entry"].days == 3_653
        for kind in kinds():
            for jurisdiction in ("CN", "EU", "US"):
                rule = kind.rule(jurisdiction)
                assert rule.days >= rule.minimum > 0, kind.code

    def test_one_purge_at_a_time(self, bank):
        services.start_purge(mode="report", actor=FIRST)
        with pytest.raises(Conflict, match="under way"):
            services.start_purge(mode="purge", actor=FIRST)
        with pytest.raises(Forbidden):
            services.start_purge(mode="purge", actor=SYSTEM)


def later(monkeypatch, by: timedelta) -> None:
    """The clock stands `by` later for whoever purges."""
    moment = clock.now() + by
    for module in ("compliance.services.purging", "audit.services.purging"):
        monkeypatch.setattr(f"{module}.now", lambda: moment)


def purge(mode: str = "purge") -> PurgeRun:
    run = services.start_purge(mode=mode, actor=FIRST)
    run_now(str(run.job_id))
    run.refresh_from_db()
    return run


class TestPurge:
    """Under the migrating login, in a private database, as operations' worker runs."""

    @pytest.fixture
    def bank(self, admin_login, bank_a, settings, tmp_path):
        settings.CHECKPOINT_DIR = str(tmp_path)
        with bank_scope(bank_a):
            yield bank_a

    @pytest.fixture
    def here(self, bank):
        return bank

    def test_purged_entries_are_named_and_the_chain_still_verifies(self, here, monkeypatch):
        for n in range(30):
            record(actor=FIRST, action="test.write", target="row", target_id=str(n))
        while seal_pending():
            pass
        later(monkeypatch, YEARS)
        planned = purge("report")
        line = planned.report["audit.entry"]
        assert line["due"] >= 30
        assert line["purged"] == 0
        assert AuditEntry.objects.filter(action="test.write").count() == 30
        done = purge()
        assert done.report["audit.entry"]["purged"] >= 30
        assert not AuditEntry.objects.filter(action="test.write").exists()
        monkeypatch.undo()
        while seal_pending():
            pass
        report = verify(here.schema)
        assert report.ok, [str(f) for f in report.findings]
        assert report.purged >= 30

    def test_decisions_go_with_application_and_outcomes_and_held_ones_stay(
        self, here, monkeypatch, live, decide
    ):
        gone = decide(portfolio.GOOD, application="A1", customer="C1")
        kept = decide(portfolio.GOOD, key="k2", application="A2", customer="C2")
        told = [OutcomeIn(name, clock.now().date(), 0) for name in ("A1", "A2")]
        report_outcomes(outcomes=told, actor=ANALYST)
        services.propose_hold(scope="person", customer="C2", reason="Court.", actor=FIRST)
        while seal_pending():
            pass
        later(monkeypatch, YEARS)
        line = purge().report["scoring.decision"]
        assert (line["due"], line["held"], line["purged"]) == (2, 1, 1)
        monkeypatch.undo()
        assert [str(d.pk) for d in Decision.objects.all()] == [kept.id]
        assert gone.id != kept.id
        assert Application.objects.count() == OutcomeObservation.objects.count() == 1
        while seal_pending():
            pass
        report = verify(here.schema)
        assert report.ok, [str(f) for f in report.findings]

    def test_a_row_deleted_without_a_tombstone_is_found(self, here, superuser_connection):
        record(actor=FIRST, action="test.write", target="row", target_id="1")
        while seal_pending():
            pass
        entry = AuditEntry.objects.get(action="test.write")
        with superuser_connection() as raw:
            raw.execute("SET session_replication_role = replica")
            raw.execute(f"DELETE FROM {here.schema}.audit_auditentry WHERE id = %s", [entry.pk])
            raw.execute(
                f"INSERT INTO {here.schema}.audit_tombstone (id, at, stream, row_ids, reason, row_hash)"
                " VALUES (gen_random_uuid(), now(), 'audit', ARRAY[%s::uuid], 'purge', %s)",
                [entry.pk, bytes(32)],
            )
        kinds_found = {str(f.kind) for f in verify(here.schema).findings}
        assert kinds_found == {"row deleted", "row inserted"}

    def test_a_hold_on_a_kind_keeps_all_of_it(self, here, monkeypatch):
        record(actor=FIRST, action="test.write", target="row", target_id="1")
        while seal_pending():
            pass
        services.propose_hold(scope="kind", target="audit.entry", reason="Court.", actor=FIRST)
        later(monkeypatch, YEARS)
        line = purge().report["audit.entry"]
        assert line["held"] == line["due"] > 0
        assert line["purged"] == 0
        assert AuditEntry.objects.filter(action="test.write").exists()

    def test_logs_of_finished_jobs_go_and_of_open_ones_stay(self, here, monkeypatch):
        done = Job.objects.create(kind="x", queue="batch", state="succeeded", created_by="t")
        still = Job.objects.create(kind="x", queue="batch", state="running", created_by="t")
        for job in (done, still):
            JobLog.objects.create(job=job, text="line")
        later(monkeypatch, YEARS)
        assert purge().report["jobs.log"]["purged"] == 1
        assert list(JobLog.objects.values_list("job_id", flat=True)) == [still.pk]

    def test_only_the_owner_deletes_and_only_what_it_names(self, here):
        record(actor=FIRST, action="test.write", target="row", target_id="1")
        while seal_pending():
            pass
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('panorama.purge', 'audit_auditentry', false)")
            with pytest.raises(DatabaseError):
                cursor.execute("DELETE FROM audit_auditentry")
            cursor.execute("SELECT set_config('panorama.purge', '', false)")
        seal = AuditSeal.objects.first()
        with pytest.raises(DatabaseError, match="only grows"):
            purge_rows(table="audit_auditseal", ids=[seal.row_id], reason="x", column="row_id")
        assert Tombstone.objects.count() == 0


@pytest.mark.django_db
def test_the_web_login_cannot_purge(bank):
    entry = record(actor=FIRST, action="test.write", target="row", target_id="1")
    with pytest.raises(DatabaseError):
        purge_rows(table="audit_auditentry", ids=[entry.pk], reason="x", stream="audit")


@pytest.mark.django_db
def test_the_keeper_starts_the_purge_of_a_bank_whose_night_has_come(bank_a, bank_b, monkeypatch):
    monkeypatch.setattr(schedule, "_enrolled", [0.0])
    with public_scope():
        assert schedule.start_due_purges() == 0
        due.put_off(schedule.WORK, bank_a.schema, now() - timedelta(minutes=1))
        due.enrol(schedule.WORK, ["bank_gone"], now() - timedelta(days=1))
        assert schedule.start_due_purges() == 1
        assert schedule.start_due_purges() == 0
        with connection.cursor() as cursor:
            cursor.execute("SELECT schema_name FROM bank_due WHERE work = %s", [schedule.WORK])
            assert {row[0] for row in cursor} == {bank_a.schema, bank_b.schema}
    with bank_scope(bank_a):
        assert PurgeRun.objects.get().started_by_label == system_actor("retention").label
    with bank_scope(bank_b):
        assert not PurgeRun.objects.exists()


def test_the_next_night_is_the_banks_own(bank_a):
    moment = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    for zone in ("Asia/Shanghai", "America/New_York", "UTC"):
        found = schedule.next_night(replace(bank_a, time_zone=zone), moment)
        local = found.astimezone(ZoneInfo(zone))
        assert moment < found <= moment + timedelta(days=1)
        assert 2 <= local.hour < 5
