"""`migrate_banks` over several banks: resumed after a kill, past a long transaction, shared by two runs."""

import io
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.process import BaseProcess

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.test import Client, override_settings

from accounts.models import User
from audit.models import AuditEntry
from config.celery import app
from core.queue import SCHEMA_HEADER
from core.tasks import ScopedTask
from core.tenancy import BankUpgrading, owner_scope, public_scope, run_role
from tenants import services
from tenants.choices import BankState
from tenants.directory import directory
from tenants.management.commands.onboard_bank import OPERATOR
from tenants.models import Bank, Plan, SchemaMigration
from tenants.provisioning import database, fitting, templates, versions
from tenants.services.onboarding import apply_steps
from tests import databases
from tests.sign_in import ops_browser
from tests.tenants.schemas import context

LATER = {"jobs": "tests.tenants.later_jobs"}
EXTRA = ("m1", "m2", "m3", "m4")
SLUGS = ["alpha", "beta", *EXTRA]


@pytest.fixture
def six_banks(admin_login) -> Iterator[str]:
    """Alpha, Beta and four more whose schemas are there and current."""
    with public_scope():
        plan = Plan.objects.get(code="full")
        version = versions.code_state().version
        for slug in EXTRA:
            bank = context(f"bank_{slug}")
            database.create_roles(bank, {})
            database.create_schema(bank, {})
            templates.make_tables(bank.schema)
            database.apply_grants(bank.schema)
            Bank.objects.create(
                slug=slug, name=slug, schema_name=bank.schema, plan=plan, state=BankState.ACTIVE,
                schema_version=version,
            )  # fmt: skip
        yield admin_login
        connection.close()
        for slug in EXTRA:
            database.drop_schema(context(f"bank_{slug}"))


def migrate(*arguments: str) -> str:
    out = io.StringIO()
    call_command("migrate_banks", *arguments, stdout=out)
    return out.getvalue()


@contextmanager
def forked(*arguments: str) -> Iterator[BaseProcess]:
    """The command in a process of its own, killed at the end if it still runs."""
    connections.close_all()
    process = get_context("fork").Process(target=migrate, args=arguments)
    process.start()
    try:
        yield process
    finally:
        if process.is_alive():
            process.kill()
        process.join()


def wait_for(process: BaseProcess, look: Callable[[], object]) -> None:
    """Until `look` finds something, while the process lives."""
    with public_scope():
        while not look():
            assert process.is_alive()
            time.sleep(0.01)


@contextmanager
def long_transaction(name: str, schema: str) -> Iterator[psycopg.Connection]:
    """Another process' transaction that has read and written the bank's jobs and stays open."""
    url = databases.with_name(os.environ["DATABASE_ADMIN_URL"], name)
    with psycopg.connect(url) as other:
        other.execute(f"SET ROLE {run_role(schema)}")
        other.execute(f"SELECT count(*) FROM {schema}.jobs_job")
        yield other


def versions_now() -> dict[str, int]:
    """How many migrations each bank's schema really lacks."""
    with public_scope():
        return {slug: len(versions.missing_in(f"bank_{slug}")) for slug in SLUGS}


def test_every_bank_gets_the_later_release_its_rights_and_an_audit_entry(six_banks):
    with override_settings(MIGRATION_MODULES=LATER):
        assert "m3: jobs.x9999_later" in migrate("--dry-run")
        assert set(versions_now().values()) == {1}
        said = migrate("--only", "m1")
        assert "1 migrated" in said
        assert versions_now() == {slug: int(slug != "m1") for slug in SLUGS}
        with owner_scope("bank_m2"), connection.cursor() as cursor:
            cursor.execute("REVOKE SELECT ON jobs_job FROM bank_m2__run")
        said = migrate()
        assert "5 migrated, 1 current, 0 failed" in said
        assert "banks/s" in said
        assert set(versions_now().values()) == {0}
        with public_scope():
            later = versions.code_state().version
            assert set(Bank.objects.values_list("schema_version", flat=True)) == {later}
            assert AuditEntry.objects.filter(action="tenants.bank.migrate").count() == 6
        assert "0 migrated, 6 current" in migrate()
        assert not database.apply_grants("bank_m2")


def test_unknown_banks_and_senseless_numbers_are_refused(admin_login):
    for arguments, word in (
        (["--only", "nobody"], "nobody"),
        (["--workers", "0"], "workers"),
        (["--attempts", "0"], "attempts"),
        (["--lock-timeout", "0"], "lock-timeout"),
    ):
        with pytest.raises(CommandError, match=word):
            migrate(*arguments)


def test_killed_half_way_the_next_run_does_the_rest(six_banks):
    with override_settings(MIGRATION_MODULES=LATER):
        done = SchemaMigration.objects.filter(state="done")
        with forked() as first:
            wait_for(first, lambda: done.count() >= 3)
            first.kill()
            first.join()
        with public_scope():
            before = done.count()
        assert 3 <= before < 6
        assert f"{6 - before} migrated, {before} current, 0 failed" in migrate("--workers", "2")
        assert set(versions_now().values()) == {0}


def test_a_long_transaction_in_one_bank_holds_no_other_and_is_named(six_banks):
    with override_settings(MIGRATION_MODULES=LATER):
        with long_transaction(six_banks, "bank_m2") as other:
            with pytest.raises(CommandError) as caught:
                migrate("--lock-timeout", "0.1", "--attempts", "2")
            text = str(caught.value)
            assert "m2: Hindered 2 times" in text
            assert f"process {other.info.backend_pid} (jobs_job" in text
            assert versions_now() == {slug: int(slug == "m2") for slug in SLUGS}
            # Traffic of the same bank goes on while the migration waits for its lock.
            other.execute("SELECT count(*) FROM bank_m2.jobs_job")
            with public_scope():
                row = SchemaMigration.objects.get(bank__slug="m2")
                assert (row.state, row.attempts) == ("failed", 2)
        assert "1 migrated, 5 current, 0 failed" in migrate()
        assert set(versions_now().values()) == {0}


def test_a_hindered_bank_is_tried_again_by_the_same_run(six_banks):
    put_off = SchemaMigration.objects.filter(bank__slug="m2", attempts__gt=0, state="pending")
    with (
        override_settings(MIGRATION_MODULES=LATER),
        long_transaction(six_banks, "bank_m2") as other,
        forked("--lock-timeout", "0.1", "--attempts", "50", "--workers", "2") as run,
    ):
        wait_for(run, put_off.exists)
        other.rollback()
        run.join()
        assert run.exitcode == 0
        assert set(versions_now().values()) == {0}


def test_two_runs_at_once_share_the_banks_and_migrate_each_once(six_banks):
    with override_settings(MIGRATION_MODULES=LATER):
        with forked("--workers", "2") as one, forked("--workers", "2") as two:
            for run in (one, two):
                run.join()
                assert run.exitcode == 0
        assert set(versions_now().values()) == {0}
    with public_scope():
        entries = AuditEntry.objects.filter(action="tenants.bank.migrate")
        assert sorted(entries.values_list("target_id", flat=True)) == SLUGS
    for slug in SLUGS:
        with owner_scope(f"bank_{slug}"), connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM django_migrations WHERE name = 'x9999_later'")
            assert cursor.fetchone() == (1,)


def test_a_migration_that_fails_in_one_bank_is_reported_and_stops_no_other(six_banks):
    with owner_scope("bank_m4"), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE jobs_job ADD later_note text")
    with override_settings(MIGRATION_MODULES=LATER):
        with pytest.raises(CommandError, match=r"m4: ProgrammingError: .*later_note") as caught:
            migrate()
        assert "m3" not in str(caught.value)
        assert versions_now() == {slug: int(slug == "m4") for slug in SLUGS}


@pytest.fixture
def lacks_a_column(scratch_database) -> str:
    url = databases.with_name(os.environ["DATABASE_ADMIN_URL"], scratch_database)
    with psycopg.connect(url) as other:
        other.execute("SET ROLE bank_alpha__own")
        other.execute("ALTER TABLE bank_alpha.jobs_job DROP COLUMN stage")
    return "jobs_job.stage"


def test_a_bank_behind_is_served_while_it_has_what_the_code_needs(bank_a):
    with override_settings(MIGRATION_MODULES=LATER):
        directory.forget()
        assert fitting.lacking("bank_alpha") == []
        assert Client(HTTP_HOST=bank_a.host).get("/admin/login/").status_code == 200


def test_a_bank_behind_that_lacks_something_answers_503_and_others_are_served(lacks_a_column):
    with override_settings(MIGRATION_MODULES=LATER):
        directory.forget()
        assert fitting.lacking("bank_alpha") == [lacks_a_column]
        answer = Client(HTTP_HOST="alpha.localhost").get("/admin/login/")
        assert (answer.status_code, answer.json()["code"]) == (503, "bank_upgrading")
        assert answer["Retry-After"] == "5"
        assert [bank.schema for bank in directory.active()] == ["bank_beta"]
        assert Client(HTTP_HOST="beta.localhost").get("/admin/login/").status_code == 200
    directory.forget()


def test_a_task_of_a_bank_that_lacks_something_is_refused_before_it_runs(lacks_a_column):
    ran: list[str] = []

    class Probe(ScopedTask):
        name = "tests.probe"

        def run(self) -> None:
            ran.append("ran")

    Probe.bind(app)
    probe = Probe()
    probe.push_request(headers={SCHEMA_HEADER: "bank_alpha"})
    with override_settings(MIGRATION_MODULES=LATER):
        directory.forget()
        with pytest.raises(BankUpgrading):
            probe()
    directory.forget()
    assert ran == []
    probe()
    assert ran == ["ran"]


def test_onboarding_that_newer_code_goes_on_with_brings_the_tables_along(six_banks):
    with public_scope():
        bank = Bank.objects.get(slug="m1")
        Bank.objects.filter(pk=bank.pk).update(state=BankState.PROVISIONING)
        for key in ("10.roles", "20.schema", "30.tables", "40.grants"):
            bank.steps.create(key=key)
        with override_settings(MIGRATION_MODULES=LATER):
            spec = {"administrator": {"email": "a@m1.test"}, "base_url": "http://m1"}
            apply_steps(Bank.objects.select_related("plan").get(slug="m1").as_context(), spec)
            assert versions.missing_in("bank_m1") == []
            assert Bank.objects.get(slug="m1").schema_version == versions.code_state().version


def test_ops_console_shows_and_filters_banks_by_their_schema(db):
    with public_scope():
        user = User.objects.create(email="op@panorama.test", name="Olga", roles=["operator"])
        Bank.objects.filter(slug="beta").update(schema_version="3-00000000")
    client = ops_browser(user)
    page = client.get("/admin/tenants/bank/").content.decode()
    assert "Behind the code" in page
    assert "Current" in page
    current = client.get("/admin/tenants/bank/?schema=current").content.decode()
    assert ("Alpha Bank" in current, "Beta Bank" in current) == (True, False)
    other = client.get("/admin/tenants/bank/?schema=other").content.decode()
    assert ("Alpha Bank" in other, "Beta Bank" in other) == (False, True)
    with public_scope():
        pk = Bank.objects.get(slug="beta").pk
    assert "3-00000000" in client.get(f"/admin/tenants/bank/{pk}/change/").content.decode()


def test_plan_lists_what_each_bank_lacks_and_needs_a_right(six_banks):
    with override_settings(MIGRATION_MODULES=LATER):
        lacking = {plan.slug: plan.lacks for plan in services.plan_migrations()}
    assert lacking == dict.fromkeys(SLUGS, ("jobs.x9999_later",))
    assert OPERATOR.roles == frozenset({"operator"})
    with transaction.atomic():
        assert {plan.lacks for plan in services.plan_migrations(only=["m1"])} == {()}
