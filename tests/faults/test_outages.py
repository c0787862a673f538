"""Promises 9 and 10: what callers see while Redis hangs, PostgreSQL restarts, connections or the disk run out."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import psycopg
import pytest

from embedded.postgres_server import SUPERUSER, postgres_server
from tests.faults.calls import Callers, decisions_since
from tests.faults.conftest import LEASE_SECONDS, SLUG
from tests.stack import Stack, wait_for
from tests.stack_portfolio import Bench, furnish

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stack")]
BACK_SECONDS = 10.0
BROKER_BACK_SECONDS = 30.0


@contextmanager
def superuser(stack: Stack) -> Iterator[psycopg.Connection]:
    url = postgres_server(stack.run).url(SUPERUSER)
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def readiness(bench: Bench) -> str:
    with urlopen(f"http://127.0.0.1:{bench.stack.port}/readyz", timeout=10) as answer:
        return answer.read().decode()


def assert_typed(callers: Callers) -> None:
    """Every refusal is a problem that names its kind; no answer is half a decision."""
    for answer in callers.answers:
        if answer.status == 201:
            assert answer.body["outcome"]
            assert answer.body["id"]
        else:
            assert answer.status == 503, answer
            assert answer.content_type == "application/problem+json"
            assert answer.body["code"]


def assert_each_once(bench: Bench, callers: Callers) -> None:
    """What was answered is there; what was refused can be asked again; no application has two decisions."""
    answered = {answer.body["id"] for answer in callers.answers if answer.status == 201}
    for answer in callers.answers:
        if answer.status != 201:
            again = callers.decide(answer.application)
            assert again.status in (200, 201), again
            answered.add(again.body["id"])
    held, most_for_one = decisions_since(bench.stack, bench.bank.slug, callers.began)
    assert held == answered
    assert most_for_one == 1


@pytest.mark.parametrize(
    "seconds", [4.0, pytest.param(40.0, marks=pytest.mark.soak)], ids=["short", "long"]
)
def test_redis_hung_under_load(bench: Bench, seconds: float) -> None:
    with Callers(bench).calling("hung") as callers:
        time.sleep(0.5)
        bench.stack.kill("redis", signal.SIGSTOP)
        try:
            time.sleep(seconds)
            assert bench.bank.api().call("GET", "/api/v1/jobs") is not None
            _, job_id = bench.start_batch(bench.load_id)
        finally:
            bench.stack.kill("redis", signal.SIGCONT)
            went_on = time.monotonic()
        wait_for(
            lambda: bench.api().call("GET", f"/api/v1/jobs/{job_id}")["state"] != "queued",
            seconds=BROKER_BACK_SECONDS, what="the job to be taken up",
        )  # fmt: skip
        taken_up = time.monotonic()
        bench.api().wait_for_job(job_id)
    counts = callers.statuses()
    assert counts[201] > 100
    assert sum(counts.values()) - counts[201] <= 0.001 * sum(counts.values()), counts
    held, _ = decisions_since(bench.stack, SLUG, callers.began)
    assert len(held) == counts[201]
    assert taken_up - went_on < BROKER_BACK_SECONDS
    bench.stack.manage("verify_audit", "--all")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["restarted", "killed"])
def test_postgresql_restarts_under_load(bench: Bench, number: signal.Signals) -> None:
    with Callers(bench).calling(f"restart-{number.name}") as callers:
        time.sleep(1.0)
        bench.stack.wait_for_new("postgres", bench.stack.kill("postgres", number))
        again = time.monotonic()
        wait_for(
            lambda: any(a.status == 201 and a.at - a.seconds > again for a in callers.answers),
            seconds=30, what="a decision after the restart",
        )  # fmt: skip
    assert callers.served_again_after(again) < BACK_SECONDS
    assert_typed(callers)
    assert_each_once(bench, callers)


def test_no_connection_is_left(bench: Bench) -> None:
    with Callers(bench).calling("full") as callers, superuser(bench.stack) as root:
        time.sleep(0.5)
        root.execute("ALTER ROLE panorama_web CONNECTION LIMIT 0")
        try:
            root.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'panorama_web'"
            )
            wait_for(lambda: callers.statuses()[503] > 10, seconds=30, what="refused calls")
        finally:
            root.execute("ALTER ROLE panorama_web CONNECTION LIMIT -1")
            again = time.monotonic()
        wait_for(
            lambda: any(a.status == 201 and a.at - a.seconds > again for a in callers.answers),
            seconds=30, what="a decision once connections are free",
        )  # fmt: skip
    assert callers.served_again_after(again) < BACK_SECONDS
    assert_typed(callers)
    assert_each_once(bench, callers)


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """A file system in memory that is soon full; only root can have one."""
    folder = Path(tempfile.mkdtemp(prefix="panorama-disk-"))
    size = f"size={megabytes}m,mode=0711"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.soak
def test_the_disk_is_full() -> None:
    """PostgreSQL, storage and logs share one disk here, so that everything is hit at once."""
    with small_disk(1200) as disk:
        stack = Stack.start(disk / "run", extra={"PANORAMA_JOB_LEASE_SECONDS": LEASE_SECONDS})
        try:
            fill_up_and_empty(furnish(stack, disk, SLUG), disk / "ballast")
        finally:
            stack.stop()


def fill_up_and_empty(bench: Bench, ballast: Path) -> None:
    with Callers(bench).calling("disk") as callers:
        time.sleep(1.0)
        fill(ballast)
        wait_for(lambda: callers.statuses()[503] > 10, seconds=120, what="refused calls")
        status, _ = bench.bank.api().send(
            "POST", f"/api/v1/datasets/{bench.dataset_id}/loads?filename=x.csv", b"a,b\n1,2\n" * 100_000,
            headers={"Content-Type": "application/octet-stream"},
        )  # fmt: skip
        assert status in (503, 507)
        ballast.unlink()
        freed = time.monotonic()
        wait_for(
            lambda: any(a.status == 201 and a.at - a.seconds > freed for a in callers.answers),
            seconds=60, what="a decision once there is room",
        )  # fmt: skip
    assert callers.served_again_after(freed) < BACK_SECONDS
    assert_typed(callers)
    assert_each_once(bench, callers)
    bench.stack.manage("verify_audit", "--all")


def fill(ballast: Path) -> None:
    """Write until nothing more fits."""
    block = b"\0" * 2**20
    with ballast.open("wb") as handle:
        try:
            while True:
                handle.write(block)
                handle.flush()
        except OSError:
            os.fsync(handle.fileno())
