"""The ways a multi-tenant Django opens up by mistake, each shown to be closed, and open without its guard."""

import threading

import pytest
from celery import current_app
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError, connection, connections, transaction
from django.db.utils import ProgrammingError
from django_tenants.utils import schema_context  # noqa: TID251 - the trap itself

from accounts.models import User
from core.models import BankQuerySet
from core.queue import SCHEMA_HEADER
from core.tasks import ScopedTask
from core.tenancy import (
    BankContext,
    NoBankSet,
    UnknownBank,
    WrongBank,
    bank_scope,
    current_bank,
    current_schema,
    public_scope,
)
from jobs.models import JobLog
from tenants.models import Bank
from tenants.provisioning import database


def emails() -> list[str]:
    return list(User.objects.order_by("email").values_list("email", flat=True))


# --- No bank set is an error, never public ---------------------------------------------------------------


def test_query_without_a_scope_raises(bank_a):
    with pytest.raises(NoBankSet):
        User.objects.count()
    with bank_scope(bank_a):
        assert emails() == ["admin@alpha.test"]
    with pytest.raises(NoBankSet):
        User.objects.count()


def test_thread_started_inside_a_scope_has_none(bank_a):
    caught: list[type[BaseException]] = []

    def work() -> None:
        try:
            User.objects.count()
        except BaseException as error:
            caught.append(type(error))
        finally:
            connections["default"].close()

    with bank_scope(bank_a):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert caught == [NoBankSet]


def test_management_command_that_enters_no_scope_raises(db):
    class Forgetful(BaseCommand):
        requires_system_checks = ()

        def handle(self, *args, **options):
            return str(User.objects.count())

    with pytest.raises(NoBankSet):
        call_command(Forgetful())


def test_scope_is_restored_after_an_exception_and_when_nested(bank_a, bank_b):
    with bank_scope(bank_a):
        with pytest.raises(ValueError, match="inner"), bank_scope(bank_b):  # noqa: PT012
            assert current_schema() == "bank_beta"
            raise ValueError("inner")
        assert current_schema() == "bank_alpha"
        assert emails() == ["admin@alpha.test"]
        with public_scope(), pytest.raises(NoBankSet):
            current_bank()
    assert current_schema() is None


# --- Trap 1: `with bank:` keeps the previous tenant in a list that threads share ---------------------------


def test_with_bank_is_forbidden(db):
    with public_scope():
        bank = Bank.objects.get(slug="alpha")
        # Each by its own words: `with` would otherwise be stopped by the second guard, and the first be untested.
        with pytest.raises(RuntimeError, match="`with bank:` is forbidden"):
            bank.__enter__()
        with pytest.raises(RuntimeError, match=r"`bank\.activate\(\)` is forbidden"):
            bank.activate()


def test_without_its_guard_with_bank_would_share_state_between_threads():
    from django_tenants.models import TenantMixin

    # Two tenants, one list: what one thread pushes another pops. This is why the guard is there.
    assert TenantMixin._previous_tenant is Bank._previous_tenant


# --- Trap 2: django-tenants' own context managers and setters know no roles -------------------------------


def test_schema_context_and_set_schema_are_refused(bank_a):
    with pytest.raises(NoBankSet), schema_context("bank_alpha"):
        pass
    with pytest.raises(NoBankSet):
        connection.set_schema("bank_alpha")
    with pytest.raises(NoBankSet):
        connection.set_tenant(bank_a)


# --- Trap 3: the content type cache is per process --------------------------------------------------------


def test_content_types_are_the_same_rows_for_every_bank(bank_a, bank_b):
    def rows() -> list[tuple[object, ...]]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT id, app_label, model FROM django_content_type ORDER BY id")
            return cursor.fetchall()

    with bank_scope(bank_a):
        in_a = rows()
    with bank_scope(bank_b):
        assert rows() == in_a
    assert len(in_a) > 10


# --- Trap 4: a table missing in a half-migrated bank is looked for in public ------------------------------


def test_table_missing_in_a_bank_is_refused_in_public(
    bank_a, superuser_connection, scratch_database
):
    with superuser_connection() as superuser:
        superuser.execute("DROP TABLE bank_alpha.jobs_joblog CASCADE")
    with bank_scope(bank_a), pytest.raises(ProgrammingError, match="permission denied for table"):
        JobLog.objects.count()
    with public_scope():
        assert database.missing_tables("bank_alpha") == ["jobs_joblog"]
        with pytest.raises(RuntimeError, match="jobs_joblog"):
            database.verify_tables(bank_a, {})


# --- Trap 5: a task whose header or bank is gone ----------------------------------------------------------


@pytest.fixture
def probe():
    seen: list[str | None] = []

    @current_app.task(base=ScopedTask, name="tests.probe", bind=True)
    def task(self) -> None:
        seen.append(current_schema())

    yield task, seen
    current_app.tasks.pop("tests.probe", None)


def test_task_without_its_header_never_runs(db, probe):
    task, seen = probe
    with pytest.raises(NoBankSet):
        task.apply(throw=True)
    with pytest.raises(UnknownBank):
        task.apply(throw=True, headers={SCHEMA_HEADER: "bank_gone"})
    assert seen == []
    task.apply(throw=True, headers={SCHEMA_HEADER: "bank_beta"})
    assert seen == ["bank_beta"]


# --- A lazy queryset carried into another bank's scope ----------------------------------------------------


def test_lazy_queryset_of_one_bank_does_not_read_another(bank_a, bank_b):
    with bank_scope(bank_a):
        lazy = User.objects.order_by("email")
    with bank_scope(bank_b):
        for evaluate in (list, BankQuerySet.count, BankQuerySet.exists, BankQuerySet.delete):
            with pytest.raises(WrongBank):
                evaluate(lazy.filter(is_active=True))
        with pytest.raises(WrongBank):
            lazy.update(is_active=False)
        assert emails() == ["admin@beta.test"]
    with pytest.raises(NoBankSet):
        list(lazy)
    with bank_scope(bank_a):
        assert [u.email for u in lazy] == ["admin@alpha.test"]


# --- The directory ----------------------------------------------------------------------------------------


def test_unknown_banks_and_hosts_raise(db):
    from tenants.directory import directory

    for value in ("bank_nobody", "public", "", "bank_alpha\x00"):
        with pytest.raises(UnknownBank):
            directory.by_schema(value)
    with pytest.raises(UnknownBank):
        directory.by_host("evil.localhost")
    assert isinstance(directory.by_host("ALPHA.localhost."), BankContext)


# --- A connection that is gone says so in Django's words ------------------------------------------------


def test_savepoint_on_a_killed_connection_raises_djangos_error(
    scratch_database, django_db_blocker, bank_a, superuser_connection
):
    with django_db_blocker.unblock(), bank_scope(bank_a), transaction.atomic():
        User.objects.count()
        with superuser_connection() as killer:
            killer.execute(
                "SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid]
            )
        with pytest.raises((OperationalError, InterfaceError)), transaction.atomic():
            User.objects.count()
        connection.close()
        transaction.set_rollback(True)
