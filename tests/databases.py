"""Test databases: one template per state of the code's migrations, a copy of it for each process that tests."""

import fcntl
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("platform", "tenants", "scoring", "marketing", "acquisition")


def with_name(url: str, name: str) -> str:
    """The same URL for another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def migrations_digest() -> str:
    """Changes when any migration, provisioning step or bank of the tests does."""
    digest = hashlib.sha256()
    files = [p for part in PARTS for p in (ROOT / part).rglob("migrations/*.py")]
    files += list((ROOT / "tenants" / "provisioning").glob("*.py"))
    files += list((ROOT / "platform" / "core" / "vault").rglob("*.py"))
    files += [
        *ROOT.glob("*/models.py"),
        *ROOT.glob("*/models/*.py"),
        *ROOT.glob("platform/*/models.py"),
        ROOT / "platform" / "accounts" / "sign_in_rows.py",
    ]
    files += [ROOT / "tests" / "prepare_database.py", Path(os.environ["PANORAMA_MASTER_KEY_FILE"])]
    for path in sorted(files):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:10]


def admin() -> psycopg.Connection:
    return psycopg.connect(os.environ["DATABASE_ADMIN_URL"], autocommit=True)


def _exists(connection: psycopg.Connection, name: str) -> bool:
    return (
        connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        is not None
    )


def _sql(connection: psycopg.Connection, statement: str, **names: str) -> None:
    connection.execute(
        sql.SQL(statement).format(**{k: sql.Identifier(v) for k, v in names.items()})
    )


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    lock = Path(os.environ["PANORAMA_RUN_DIR"]) / "test-databases.lock"
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def ensure_template() -> str:
    """Name of the template database, made if this state of the code has none yet."""
    name = f"panorama_test_{migrations_digest()}"
    with _one_at_a_time(), admin() as connection:
        if _exists(connection, name):
            return name
        building = f"{name}_building"
        _sql(connection, "DROP DATABASE IF EXISTS {name} WITH (FORCE)", name=building)
        _sql(connection, "CREATE DATABASE {name}", name=building)
        _sql(connection, "REVOKE CONNECT ON DATABASE {name} FROM PUBLIC", name=building)
        _sql(connection, "GRANT CONNECT ON DATABASE {name} TO panorama_web", name=building)
        environment = {
            **os.environ,
            "DATABASE_URL": with_name(os.environ["DATABASE_URL"], building),
            "DATABASE_ADMIN_URL": with_name(os.environ["DATABASE_ADMIN_URL"], building),
            "PYTHONPATH": os.pathsep.join(
                [str(ROOT), str(ROOT / "platform"), os.environ.get("PYTHONPATH", "")]
            ),
        }
        done = subprocess.run(
            [sys.executable, "-m", "tests.prepare_database"],
            cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(
                f"The test database could not be prepared:\n{done.stdout}\n{done.stderr}"
            )
        _drop_stale(connection)
        connection.execute(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                sql.Identifier(building), sql.Identifier(name)
            )
        )
    return name


def _drop_stale(connection: psycopg.Connection) -> None:
    rows = connection.execute(
        "SELECT datname FROM pg_database d WHERE datname ~ '^panorama_test_[0-9a-f]{10}(_|$)' "
        "AND datname !~ '_building$' "
        "AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datname = d.datname)"
    ).fetchall()
    for (name,) in rows:
        _sql(connection, "DROP DATABASE IF EXISTS {name}", name=name)


def copy_template(suffix: str) -> str:
    """A fresh copy of the template for one process or one test."""
    template = ensure_template()
    name = f"{template}_{suffix}"
    with _one_at_a_time(), admin() as connection:
        _sql(connection, "DROP DATABASE IF EXISTS {name} WITH (FORCE)", name=name)
        _sql(connection, "CREATE DATABASE {name} TEMPLATE {template}", name=name, template=template)
        _sql(connection, "GRANT CONNECT ON DATABASE {name} TO panorama_web", name=name)
    return name


def drop(name: str) -> None:
    """Drop a database with its sessions; one in which the server is just vacuuming refuses for a moment."""
    with admin() as connection:
        for _ in range(100):
            try:
                return _sql(connection, "DROP DATABASE IF EXISTS {name} WITH (FORCE)", name=name)
            except psycopg.errors.InsufficientPrivilege:
                time.sleep(0.2)
        _sql(connection, "DROP DATABASE IF EXISTS {name} WITH (FORCE)", name=name)
