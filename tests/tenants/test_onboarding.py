"""Onboarding to its end, on a private database under the admin login: resumable, idempotent, walled."""

from dataclasses import replace

import pytest
import yaml
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.utils import DatabaseError

from accounts.models import ApiClient, Invitation, User
from audit.models import AuditEntry
from core.tenancy import bank_scope, public_scope
from jobs.services import run_job
from tenants import provisioning, services
from tenants.directory import directory
from tenants.management.commands.onboard_bank import OPERATOR
from tenants.models import Bank, ProvisioningStep
from tenants.provisioning import database, versions
from tenants.provisioning.registry import Step
from tenants.spec import parse_spec

SPEC = {
    "slug": "delta", "name": "Delta Bank", "plan": "risk", "jurisdiction": "US", "currency": "USD",
    "time_zone": "America/New_York", "administrator": {"email": "dan@delta.test", "name": "Dan"},
    "client": {"name": "core system", "scopes": ["jobs:read"]},
}  # fmt: skip


@pytest.fixture
def cleaned(admin_login):
    """Drops the bank's roles afterwards: roles are global to the cluster."""
    yield
    with public_scope():
        bank = Bank.objects.select_related("plan").filter(slug="delta").first()
        if bank:
            database.drop_schema(bank.as_context())


def test_command_onboards_to_the_end_and_may_be_repeated(cleaned, tmp_path, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    file = tmp_path / "bank.yaml"
    file.write_text(yaml.safe_dump(SPEC))
    for _ in range(2):
        call_command("onboard_bank", file=str(file), base_url="http://delta.localhost", verbosity=0)
    with public_scope():
        bank = Bank.objects.get(slug="delta")
        assert bank.state == "active"
        assert bank.steps.count() == len(provisioning.ordered())
    with bank_scope("bank_delta"):
        assert list(User.objects.values_list("email", "roles")) == [
            ("dan@delta.test", ["bank_admin"])
        ]
        assert Invitation.objects.count() == 1
        assert ApiClient.objects.get().allowed_scopes == ["jobs:read"]
        assert AuditEntry.objects.filter(action="accounts.user.invite").count() == 1
        with pytest.raises(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT * FROM bank_alpha.accounts_user")


def test_job_that_died_half_way_goes_on_where_it_stopped(cleaned, monkeypatch):
    calls: list[str] = []

    def fails_once(bank, spec):
        calls.append(bank.schema)
        if len(calls) == 1:
            raise RuntimeError("the machine went away")

    monkeypatch.setitem(
        provisioning.registry._steps, "45.probe", Step("45.probe", fails_once, after=("40.grants",))
    )
    with public_scope():
        bank, job = services.request_onboarding(
            spec=parse_spec(SPEC), actor=OPERATOR, base_url="http://delta.localhost"
        )
        assert run_job(job_id=str(job.id)) == "failed"
        done = set(ProvisioningStep.objects.filter(bank=bank).values_list("key", flat=True))
        assert "40.grants" in done
        assert "45.probe" not in done
        from jobs.services import resume_job

        resume_job(job_id=str(job.id), actor=OPERATOR)
        assert run_job(job_id=str(job.id)) == "succeeded"
        bank.refresh_from_db()
        assert bank.state == "active"
    assert calls == ["bank_delta", "bank_delta"]
    directory.forget()
    assert directory.by_host("delta.localhost").modules == frozenset({"scoring"})


@pytest.mark.parametrize("moment", ["before", "after"])
def test_death_between_any_two_steps_is_gone_on_from_with_every_effect_once(
    cleaned, monkeypatch, moment
):
    deaths: list[str] = []

    def dying(step: Step) -> Step:
        def apply(bank, spec):
            first = step.key not in deaths
            deaths.append(step.key)
            if first and moment == "before":
                raise KeyboardInterrupt(step.key)
            step.apply(bank, spec)
            if first:
                raise KeyboardInterrupt(step.key)

        return replace(step, apply=apply)

    keys = [step.key for step in provisioning.ordered()]
    for step in provisioning.ordered():
        monkeypatch.setitem(provisioning.registry._steps, step.key, dying(step))
    for _ in keys:
        with pytest.raises(KeyboardInterrupt):
            services.onboard_now(data=SPEC, actor=OPERATOR, base_url="http://delta.localhost")
        with public_scope():
            assert Bank.objects.get(slug="delta").state == "provisioning"
    bank = services.onboard_now(data=SPEC, actor=OPERATOR, base_url="http://delta.localhost")
    assert (bank.state, bank.schema_version) == ("active", versions.code_state().version)
    assert deaths == [key for key in keys for _ in range(2)]
    with bank_scope("bank_delta"):
        assert (User.objects.count(), Invitation.objects.count(), ApiClient.objects.count()) == (
            1, 1, 1,
        )  # fmt: skip


def test_command_names_every_fault_of_its_file(admin_login, tmp_path):
    file = tmp_path / "bank.yaml"
    file.write_text(yaml.safe_dump({"slug": "X", "colour": "red", "time_zone": "Mars/Base"}))
    with pytest.raises(CommandError) as caught:
        call_command("onboard_bank", file=str(file), verbosity=0)
    text = str(caught.value)
    for pointer in ("/slug", "/colour", "/time_zone", "/name", "/plan", "/administrator"):
        assert f"{pointer}:" in text
    file.write_bytes(b"\xff\xfe not yaml: [")
    with pytest.raises(CommandError, match=r"bank\.yaml"):
        call_command("onboard_bank", file=str(file), verbosity=0)
