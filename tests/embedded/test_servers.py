"""The servers as a user meets them: started, killed, started again, left alone."""

import os
import signal
import subprocess
import time

import psycopg
import pytest
import redis

from embedded.errors import EmbeddedError
from embedded.postgres_server import postgres_server
from embedded.proc import look, wait_until, working_folder
from embedded.server_lease import ServerLease
from tests.embedded.sandbox import Sandbox

RECOVERY_SECONDS = 15.0


def insert_until(url: str, number: int, *, seconds: float) -> None:
    """Commit one row, trying until the server answers again."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with psycopg.connect(url) as link:
                link.execute("INSERT INTO kept VALUES (%s) ON CONFLICT DO NOTHING", [number])
            return
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def test_cluster_has_the_promised_settings_and_logins(sandbox: Sandbox) -> None:
    with ServerLease(sandbox.run) as lease:
        environment = lease.environment()
        with psycopg.connect(environment["DATABASE_ADMIN_URL"]) as admin:
            shown = {
                name: admin.execute(f"SHOW {name}").fetchone()[0]  # type: ignore[index]
                for name in (
                    "fsync", "synchronous_commit", "full_page_writes", "data_checksums",
                    "max_locks_per_transaction", "listen_addresses", "server_encoding",
                )
            }  # fmt: skip
            assert shown == {
                "fsync": "on",
                "synchronous_commit": "on",
                "full_page_writes": "on",
                "data_checksums": "on",
                "max_locks_per_transaction": "512",
                "listen_addresses": "",
                "server_encoding": "UTF8",
            }
            roles = admin.execute(
                "SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolinherit, rolbypassrls "
                "FROM pg_roles WHERE rolname LIKE 'panorama%' ORDER BY 1"
            ).fetchall()
            assert roles == [
                ("panorama_admin", False, True, True, False, False),
                ("panorama_web", False, False, False, False, False),
            ]
            admin.execute("CREATE TABLE IF NOT EXISTS mine (a int)")
        with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as web:
            for forbidden in (
                "CREATE TABLE public.yours (a int)",
                "CREATE TEMP TABLE passing (a int)",
                "CREATE SCHEMA yours",
                "SELECT * FROM mine",
                "SET ROLE panorama_admin",
                "CREATE ROLE other",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    web.execute(forbidden)
        cache = redis.from_url(environment["CACHE_URL"])
        assert cache.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert cache.config_get("port") == {"port": "0"}


def test_wrong_or_no_password_is_refused(sandbox: Sandbox) -> None:
    with ServerLease(sandbox.run) as lease:
        good = lease.environment()["DATABASE_URL"]
        password = sandbox.run.secret("panorama_web")
        for bad in (good.replace(password, "guess"), good.replace(f":{password}", "")):
            with pytest.raises(psycopg.OperationalError, match="password"):
                psycopg.connect(bad)


def test_killed_postgres_comes_back_with_every_commit(sandbox: Sandbox) -> None:
    with ServerLease(sandbox.run) as lease:
        url = lease.environment()["DATABASE_ADMIN_URL"]
        with psycopg.connect(url) as link:
            link.execute("CREATE TABLE IF NOT EXISTS kept (n int PRIMARY KEY)")
            link.execute("TRUNCATE kept")
        for number in range(60):
            if number in (20, 40):
                os.kill(sandbox.pid_of("postgres"), signal.SIGKILL)
            insert_until(url, number, seconds=RECOVERY_SECONDS)
        with psycopg.connect(url) as link:
            rows = link.execute("SELECT n FROM kept ORDER BY n").fetchall()
        assert rows == [(number,) for number in range(60)]


def test_killed_redis_comes_back_with_its_queue(sandbox: Sandbox) -> None:
    with ServerLease(sandbox.run) as lease:
        broker = redis.from_url(lease.environment()["CACHE_URL"])
        broker.delete("queue")
        broker.rpush("queue", *range(500))
        victim = sandbox.pid_of("redis")
        os.kill(victim, signal.SIGKILL)
        assert wait_until(lambda: sandbox.pid_of("redis") not in (0, victim), RECOVERY_SECONDS)
        assert wait_until(lambda: _answers(broker), RECOVERY_SECONDS)
        assert broker.lrange("queue", 0, -1) == [str(n).encode() for n in range(500)]


def test_killed_daemon_is_replaced_and_leaves_nothing(sandbox: Sandbox) -> None:
    with ServerLease(sandbox.run) as lease:
        url = lease.environment()["DATABASE_ADMIN_URL"]
        before = {name: sandbox.pid_of(name) for name in ("postgres", "redis")}
        daemon = _daemon_pid(sandbox)
        os.kill(daemon, signal.SIGKILL)
        assert wait_until(lambda: look(daemon) is None, RECOVERY_SECONDS)
        lease.ensure()
        with psycopg.connect(url) as link:
            assert link.execute("SELECT 1").fetchone() == (1,)
        assert [look(pid) for pid in before.values()] == [None, None]
        assert _daemon_pid(sandbox) != daemon


def test_postmaster_without_supervisor_is_taken_for_ours_and_ended(sandbox: Sandbox) -> None:
    with ServerLease(sandbox.run):
        pass
    server = postgres_server(sandbox.run)
    process = server.process()
    left = subprocess.Popen(
        list(process.argv),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **server.account.popen_options(),
    )
    assert wait_until(server.is_ready, RECOVERY_SECONDS)
    with ServerLease(sandbox.run) as lease:
        assert left.wait(timeout=RECOVERY_SECONDS) is not None
        with psycopg.connect(lease.environment()["DATABASE_URL"]) as link:
            assert link.execute("SELECT 1").fetchone() == (1,)


def test_unrelated_process_named_in_a_stale_pid_file_lives_on(sandbox: Sandbox) -> None:
    with ServerLease(sandbox.run):
        pass
    server = postgres_server(sandbox.run)
    # As bad as it can be: same account and the data folder on its command line, but another name.
    bystander = subprocess.Popen(["sleep", "300"], cwd="/", **server.account.popen_options())
    try:
        (server.data / "postmaster.pid").write_text(
            f"{bystander.pid}\n{server.data}\n{int(time.time())}\n5432\n{server.sockets}\n\n 1 2\nready\n"
        )
        server.account.own(server.data)
        os.chown(server.data / "postmaster.pid", server.account.owner, server.account.group)
        with (
            ServerLease(sandbox.run) as lease,
            psycopg.connect(lease.environment()["DATABASE_URL"]) as link,
        ):
            assert link.execute("SELECT 1").fetchone() == (1,)
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_cluster_of_another_major_version_is_left_alone(sandbox: Sandbox) -> None:
    with ServerLease(sandbox.run):
        pass
    version = postgres_server(sandbox.run).data / "PG_VERSION"
    version.write_text("17\n")
    try:
        with pytest.raises(EmbeddedError, match="made by PostgreSQL 17, this is 18"):
            ServerLease(sandbox.run).__enter__()
    finally:
        version.write_text("18\n")


def test_two_run_folders_live_side_by_side(sandbox: Sandbox, closed_sandbox: Sandbox) -> None:
    with ServerLease(sandbox.run) as first:
        with ServerLease(closed_sandbox.run) as second:
            one, two = first.environment(), second.environment()
            assert not set(one.values()) & set(two.values())
            folders = {working_folder(box.pid_of("postgres")) for box in (sandbox, closed_sandbox)}
            assert len(folders) == 2
            redis.from_url(one["CACHE_URL"]).set("who", "one")
            assert redis.from_url(two["CACHE_URL"]).get("who") is None
        with psycopg.connect(one["DATABASE_URL"]) as link:
            assert link.execute("SELECT 1").fetchone() == (1,)
        assert closed_sandbox.pid_of("postgres") == 0


def _answers(link: "redis.Redis") -> bool:
    try:
        return bool(link.ping())
    except redis.RedisError:
        return False


def _daemon_pid(sandbox: Sandbox) -> int:
    return int(sandbox.run.read_json("servers.json")["pid"])
