"""kill -9 where it hurts: after restart every job finishes, no row is missing or doubled, the audit verifies."""

import signal
from typing import Any

import pytest

from tests.faults.conftest import ROWS, SMALL_ROWS, Bench
from tests.stack import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stack")]


@pytest.fixture(scope="module")
def large_load(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> str:
    return bench.load(ROWS, tmp_path_factory.mktemp("large"))


def job_of(bench: Bench, job_id: str) -> dict[str, Any]:
    return bench.api().call("GET", f"/api/v1/jobs/{job_id}")


def wait_until_running(bench: Bench, job_id: str, *, done: int = 1) -> dict[str, Any]:
    """The job once it has done something and is not yet finished."""

    def look() -> dict[str, Any] | None:
        job = job_of(bench, job_id)
        assert not job["finished"], "the job ended before anything could be killed"
        return job if job["state"] == "running" and job["done"] >= done else None

    return wait_for(look, seconds=90, what="the job to be under way")


def assert_every_row_once(bench: Bench, batch_id: str, rows: int) -> None:
    table = bench.results(batch_id)
    numbers = table.column("row").to_pylist()
    assert len(numbers) == rows
    assert len(set(numbers)) == rows


def test_worker_killed_in_training(bench: Bench, large_load: str) -> None:
    run = {"model": bench.model_id, "load": large_load, "kind": "boosting", "seed": 7}
    accepted = bench.api().call("POST", "/api/v1/scoring/model-runs", run, expect=202)
    wait_until_running(bench, accepted["job"]["id"])
    bench.stack.kill("worker-training")
    job = bench.api().wait_for_job(accepted["job"]["id"], seconds=240)
    assert job["attempt"] >= 2
    found = bench.api().call(
        "GET", f"/api/v1/scoring/model-versions?model={bench.model_id}&page_size=100"
    )
    of_run = [v for v in found["results"] if v["id"] == job["result"]["version"]]
    assert len(of_run) == 1
    assert len({v["number"] for v in found["results"]}) == len(found["results"])


def test_worker_killed_in_a_batch(bench: Bench, large_load: str) -> None:
    batch, job_id = bench.start_batch(large_load)
    wait_until_running(bench, job_id)
    bench.stack.kill("worker-batch")
    job = bench.api().wait_for_job(job_id, seconds=240)
    assert job["attempt"] >= 2
    assert_every_row_once(bench, batch, ROWS)


def test_postgresql_killed_in_a_batch(bench: Bench, large_load: str) -> None:
    batch, job_id = bench.start_batch(large_load)
    wait_until_running(bench, job_id)
    old = bench.stack.kill("postgres")
    bench.stack.wait_for_new("postgres", old)
    job = wait_for(
        lambda: _finished(bench, job_id), seconds=240, what="the batch to finish after the restart"
    )
    assert job["state"] == "succeeded", job
    assert_every_row_once(bench, batch, ROWS)


def _finished(bench: Bench, job_id: str) -> dict[str, Any] | None:
    status, _ = bench.api().send("GET", f"/api/v1/jobs/{job_id}", None, headers={})
    if status != 200:
        # While PostgreSQL restarts the answer is a typed refusal, never something half-true.
        assert status == 503
        return None
    job = job_of(bench, job_id)
    return job if job["finished"] else None


def test_redis_flushed_and_killed_with_jobs_queued(bench: Bench) -> None:
    # The worker is stopped, so that its jobs are still queued when the broker loses them.
    bench.stack.kill("worker-batch", signal.SIGSTOP)
    started = [bench.start_batch(bench.load_id) for _ in range(8)]
    environment = bench.stack.environment()
    socket = environment["BROKER_URL"].split("//", 1)[1].split("?")[0]
    flush = (
        "import redis, sys; redis.Redis(unix_socket_path=sys.argv[1]).flushall(); print('flushed')"
    )
    assert "flushed" in bench.stack.python("-c", flush, socket)
    bench.stack.wait_for_new("redis", bench.stack.kill("redis"))
    bench.stack.kill("worker-batch", signal.SIGCONT)
    for batch, job_id in started:
        bench.api().wait_for_job(job_id, seconds=180)
        assert_every_row_once(bench, batch, SMALL_ROWS)


def test_audit_trail_verifies_after_all_that(bench: Bench) -> None:
    said = bench.stack.manage("verify_audit", "--all")
    assert "bank_river" in said


def test_web_killed_comes_back_and_decides(bench: Bench) -> None:
    api = bench.api()
    old = bench.stack.kill("web")
    bench.stack.wait_for_new("web", old)

    def answers() -> bool:
        try:
            return api.send("GET", "/api/v1/jobs", None, headers={})[0] == 200
        except OSError:
            return False

    assert wait_for(lambda: answers() or None, seconds=60, what="the web server to answer")
