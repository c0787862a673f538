"""The end of a bank: two people, an export, a waiting time, the drop, and a certificate that holds."""

import json
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connection
from django.db.utils import DatabaseError

from audit.models import AuditEntry
from audit.services import is_signed
from core.actors import Actor
from core.clock import now
from core.errors import Conflict, Forbidden, FourEyes, InvalidInput
from core.storage import open_writer
from core.storage.whole import stored_paths
from core.tenancy import bank_scope, public_scope
from jobs.models import Job
from jobs.services import resume_job, run_job
from tenants import provisioning, services
from tenants.archive.manifest import canonical
from tenants.management.commands.onboard_bank import OPERATOR
from tenants.models import Bank, Domain, Offboarding
from tenants.provisioning import registry
from tenants.provisioning.registry import Step
from tenants.services import dropping, exporting, onboarding
from tests.leaving.conftest import AGREES, ASKS, NUMBER, finish

SLUG = f"leaver{NUMBER}"


@pytest.fixture(autouse=True)
def _no_quiet_time(monkeypatch):
    monkeypatch.setattr(exporting, "QUIET_SECONDS", 0.0)


@pytest.fixture
def leaver(new_bank):
    bank = new_bank("leaver")
    with bank_scope(bank), open_writer("notes/one.bin") as file:
        file.write(b"something to keep")
    return bank


def asked(keys) -> Offboarding:
    with public_scope():
        return services.request_offboarding(
            slug=SLUG, reason="The contract ends.", recipient_key=keys.public, actor=ASKS
        )


def agreed(keys) -> Offboarding:
    leaving = asked(keys)
    with public_scope():
        return services.approve_offboarding(offboarding_id=str(leaving.pk), actor=AGREES)


def again(leaving: Offboarding) -> Offboarding:
    with public_scope():
        return Offboarding.objects.select_related("bank", "export").get(pk=leaving.pk)


def test_two_people_agree_and_neither_is_a_machine(leaver, keys):
    with public_scope(), pytest.raises(InvalidInput, match="X25519"):
        services.request_offboarding(slug=SLUG, reason="x", recipient_key="AAAA", actor=ASKS)
    leaving = asked(keys)
    with public_scope():
        with pytest.raises(FourEyes):
            services.approve_offboarding(offboarding_id=str(leaving.pk), actor=ASKS)
        client = Actor(kind="client", id="c", label="c", scopes=frozenset({"banks:offboard"}))
        nobody = Actor(kind="ops", id=str(UUID(int=3)), label="x", roles=ASKS.roles)
        for machine in (client, OPERATOR, nobody):
            with pytest.raises(Forbidden, match="Only a person"):
                services.approve_offboarding(offboarding_id=str(leaving.pk), actor=machine)
        with pytest.raises(Conflict):
            asked(keys)
        # The database holds it as well.
        with pytest.raises(DatabaseError):
            Offboarding.objects.filter(pk=leaving.pk).update(approved_by=leaving.requested_by)
        with pytest.raises(Conflict):
            services.change_state(slug=SLUG, state="closing", actor=ASKS, reason="alone")
        assert Bank.objects.get(slug=SLUG).state == "active"


def test_cancelled_in_time_the_bank_goes_on_as_before(leaver, keys):
    leaving = agreed(keys)
    finish(again(leaving).export.job_id)
    leaving = again(leaving)
    assert (leaving.state, leaving.bank.state) == ("waiting", "closing")
    assert leaving.drop_after - now() > timedelta(days=29)
    with bank_scope(leaver):
        with pytest.raises(DatabaseError, match="permission denied"), connection.cursor() as cursor:
            cursor.execute("UPDATE accounts_user SET name = 'changed'")
        before = AuditEntry.objects.count()
    with public_scope():
        assert services.drop_due() == 0
        services.cancel_offboarding(offboarding_id=str(leaving.pk), reason="They stay.", actor=ASKS)
        reopen = Job.objects.get(kind="tenants.reopen")
    assert again(leaving).bank.state == "suspended"
    finish(reopen.pk)
    assert again(leaving).bank.state == "active"
    with bank_scope(leaver), connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_user SET name = 'changed'")
        assert cursor.rowcount == 1
        assert AuditEntry.objects.count() == before


def test_drop_goes_on_after_crashes_and_certifies_that_nothing_is_left(
    leaver, keys, monkeypatch, settings
):
    leaving = agreed(keys)
    export = again(leaving).export
    written = _dies_once(monkeypatch, exporting.ExportSink, "table", after=5)
    _run_twice(export.job_id)
    assert len(written) == len(set(written)), "a finished file was written twice"
    with public_scope():
        Offboarding.objects.filter(pk=leaving.pk).update(drop_after=now() - timedelta(seconds=1))
        assert services.drop_due() == 1
        assert services.drop_due() == 0
        with pytest.raises(Conflict):
            services.cancel_offboarding(
                offboarding_id=str(leaving.pk), reason="too late", actor=ASKS
            )
    calls: list[str] = []

    def fails_once(bank):
        calls.append(bank.schema)
        if len(calls) == 1:
            raise RuntimeError("the machine went away")
        return {"probe": 1}

    monkeypatch.setitem(
        registry._steps, "45.probe", Step("45.probe", after=("40.grants",), purge=fails_once)
    )
    _run_twice(again(leaving).drop_job_id)
    leaving = again(leaving)
    assert (leaving.state, leaving.bank.state) == ("closed", "closed")
    _is_gone(leaver.schema)
    _certificate_holds(leaving)
    with public_scope():
        # The name is free, and a successor of it is another realm.
        assert not Bank.objects.filter(slug=SLUG).exists()
        assert onboarding._fresh_realm(leaver.schema).startswith(f"{leaver.schema}.")
    assert dropping.certificate_path(leaving).exists()


def _dies_once(monkeypatch, owner, name: str, *, after: int) -> list[str]:
    """The method raises once after so many calls; returns the paths it really wrote."""
    real, written, died = getattr(owner, name), [], []

    def method(self, path, **more):
        if len(written) == after and not died:
            died.append(path)
            raise RuntimeError("the machine went away")
        fresh = path not in self.notes.paths()
        real(self, path, **more)
        if fresh:
            written.append(path)

    monkeypatch.setattr(owner, name, method)
    return written


def _run_twice(job_id) -> None:
    """The first attempt dies; resumed, the job ends well."""
    with public_scope():
        assert run_job(job_id=str(job_id)) == "failed"
        resume_job(job_id=str(job_id), actor=ASKS)
    finish(job_id)


def _is_gone(schema: str) -> None:
    """Asked anew, not taken from the certificate."""
    with public_scope(), connection.cursor() as cursor:
        for query in (
            "SELECT count(*) FROM pg_namespace WHERE nspname = %s",
            "SELECT count(*) FROM pg_roles WHERE rolname IN (%s || '__run', %s || '__own')",
            "SELECT count(*) FROM public.vault_bank_key WHERE schema = %s",
            "SELECT count(*) FROM public.vault_subject_key WHERE schema = %s",
            "SELECT count(*) FROM dispatch_ticket WHERE schema_name = %s",
        ):
            cursor.execute(query, [schema] * query.count("%s"))
            assert cursor.fetchone()[0] == 0, query
        assert not Domain.objects.filter(domain__startswith=SLUG).exists()

    assert list(stored_paths(schema)) == []


def _certificate_holds(leaving: Offboarding) -> None:
    body = leaving.certificate
    assert is_signed(dropping.PURPOSE, canonical(body), leaving.certificate_signature)
    altered = {**body, "waiting_days": 0}
    assert not is_signed(dropping.PURPOSE, canonical(altered), leaving.certificate_signature)
    export = leaving.export
    assert body["export"]["content_sha256"] == export.content_sha256
    manifest = json.loads(
        (Path(services.export_store().path(export.folder)) / "manifest.json").read_text()
    )
    assert manifest["content_sha256"] == export.content_sha256
    assert (body["requested"]["by"], body["approved"]["by"]) == (ASKS.label, AGREES.label)
    purging = [step.key for step in reversed(provisioning.ordered()) if step.purges]
    assert [step["step"] for step in body["dropped"]] == purging
    assert {proof["found"] for proof in body["proofs"]} == {0}
    assert len(body["proofs"]) >= 10
    assert any(
        path.endswith("one.bin") for path in [e["path"] for e in manifest["contents"]["files"]]
    )


def test_something_left_is_no_certificate(leaver, keys, monkeypatch):
    leaving = agreed(keys)
    finish(again(leaving).export.job_id)
    monkeypatch.setitem(
        registry._steps,
        "45.probe",
        Step(
            "45.probe",
            after=("40.grants",),
            proofs=lambda bank: (provisioning.Proof("a forgotten table", "SELECT 1", 1),),
        ),
    )
    with public_scope():
        Offboarding.objects.filter(pk=leaving.pk).update(drop_after=now() - timedelta(seconds=1))
        services.drop_due()
        job_id = again(leaving).drop_job_id
        assert run_job(job_id=str(job_id)) == "failed"
        assert "a forgotten table" in Job.objects.get(pk=job_id).error
    assert (again(leaving).state, again(leaving).certificate) == ("dropping", None)
