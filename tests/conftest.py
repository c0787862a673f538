"""Real PostgreSQL, real roles: tests run under the web login, in a copy of a database with two permanent banks.

Run them through `make test`, or `python -m embedded exec -- pytest ...`.

Fixtures: `db` (pytest-django's: one transaction a test), `bank_a` and `bank_b` (contexts of Alpha and Beta Bank),
`bank` (enters Alpha's scope for the whole test), `person` and `staff` (people and browsers
logged in with both factors), `api` (a client
with a token), `scratch_database` (a private copy for tests that commit), `admin_login` (the migrating login).
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

if "DATABASE_ADMIN_URL" not in os.environ:
    raise pytest.UsageError(
        "No database: run `make test`, or `python -m embedded exec -- pytest ...`."
    )

import environ
import psycopg
from django.db import connections
from django.test import Client
from django.utils import translation

from accounts import policies
from accounts.models import User
from accounts.services import create_client
from core.actors import Actor, system_actor
from core.tenancy import BankContext, bank_directory, bank_scope, public_scope
from embedded.postgres_server import SUPERUSER, postgres_server
from embedded.run_folder import default_run_folder
from tests import databases
from tests.sign_in import bank_browser

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    """A request leaves its language with the thread, as a web server's threads may: the next test starts without."""
    yield
    translation.deactivate()


def _point_to(name: str, *, login: str = "web") -> None:
    url = os.environ["DATABASE_ADMIN_URL" if login == "admin" else "DATABASE_URL"]
    connection = connections["default"]
    connection.close()
    found = environ.Env.db_url_config(databases.with_name(url, name))
    for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS"):
        if key in found:
            connection.settings_dict[key] = found[key]
    bank_directory().forget()  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def django_db_setup(worker_id: str, django_db_blocker) -> Iterator[None]:
    with django_db_blocker.unblock():
        name = databases.copy_template(worker_id)
        _point_to(name)
    yield
    with django_db_blocker.unblock():
        connections["default"].close()
        databases.drop(name)


@pytest.fixture
def scratch_database(django_db_setup, django_db_blocker, worker_id: str, request) -> Iterator[str]:
    """A private copy of the database, for tests that really commit; not to be used together with `db`."""
    before = str(connections["default"].settings_dict["NAME"])
    with django_db_blocker.unblock():
        name = databases.copy_template(f"{worker_id}_scratch")
        _point_to(name)
        yield name
        connections["default"].close()
        _point_to(before)
        databases.drop(name)


@pytest.fixture
def admin_login(scratch_database: str) -> Iterator[str]:
    """The same private copy under the login that migrates and onboards."""
    _point_to(scratch_database, login="admin")
    yield scratch_database
    _point_to(scratch_database)


def _bank(schema: str) -> BankContext:
    with public_scope():
        bank_directory().forget()  # type: ignore[attr-defined]
        return bank_directory().by_schema(schema)


@pytest.fixture
def bank_a(request) -> BankContext:
    _needs_database(request)
    return _bank("bank_alpha")


@pytest.fixture
def bank_b(request) -> BankContext:
    _needs_database(request)
    return _bank("bank_beta")


def _needs_database(request) -> None:
    scratch = "scratch_database" in request.fixturenames
    request.getfixturevalue("scratch_database" if scratch else "db")


@pytest.fixture
def bank(bank_a: BankContext) -> Iterator[BankContext]:
    """Alpha Bank, with its scope entered."""
    with bank_scope(bank_a):
        yield bank_a


@pytest.fixture
def person() -> Callable[..., User]:
    """person(bank, "risk_analyst") -> User with `PASSWORD`."""

    def make(bank: BankContext, *roles: str, email: str = "") -> User:
        with bank_scope(bank):
            email = (
                email or f"{'-'.join(roles) or 'nobody'}-{User.objects.count()}@{bank.schema}.test"
            )
            user = User(email=email, name=email.split("@")[0], roles=list(roles))
            user.set_password(PASSWORD)
            user.save()
            return user

    return make


@pytest.fixture
def staff(person) -> Callable[..., Client]:
    """staff(bank, "risk_analyst") -> a browser logged in at the bank's host; `.user` is the person."""

    def make(bank: BankContext, *roles: str, user: User | None = None) -> Client:
        user = user or person(bank, *roles)
        client = bank_browser(bank, user)
        client.user = user  # type: ignore[attr-defined]
        return client

    return make


@pytest.fixture
def api() -> Callable[..., Client]:
    """api(bank, "datasets:read") -> a client with a bearer token; no scopes named means all."""

    def make(bank: BankContext, *scopes: str) -> Client:
        wanted = list(scopes) or list(policies.scopes())
        with bank_scope(bank):
            client, secret = create_client(
                name=f"test {len(wanted)}", scopes=wanted, actor=system_actor("test")
            )
        answer = Client(HTTP_HOST=bank.host).post(
            "/api/v1/oauth/token",
            {
                "grant_type": "client_credentials",
                "client_id": client.client_id,
                "client_secret": secret,
            },
        )
        assert answer.status_code == 200, answer.content
        token = answer.json()["access_token"]
        return Client(HTTP_HOST=bank.host, HTTP_AUTHORIZATION=f"Bearer {token}")

    return make


@pytest.fixture
def actor_of() -> Callable[[User], Actor]:
    """The actor of a person, made in the bank's scope."""

    def make(user: User, bank: BankContext) -> Actor:
        with bank_scope(bank):
            return user.as_actor()

    return make


@pytest.fixture
def superuser_connection() -> Callable[[], object]:
    """Opens a PostgreSQL superuser's connection to the database under test (embedded servers only)."""

    @contextmanager
    def open_it() -> Iterator[object]:
        url = postgres_server(default_run_folder()).url(SUPERUSER)
        name = str(connections["default"].settings_dict["NAME"])
        with psycopg.connect(databases.with_name(url, name), autocommit=True) as connection:
            yield connection

    return open_it
