"""Two keepers at once, one killed, one stopped and woken late: each job is sent and runs once, the seals are whole."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection

from audit.services import verify
from core.actors import system_actor
from core.tenancy import bank_scope, public_scope
from jobs import registry, services
from jobs.choices import Queue
from tests.databases import with_name

ROOT = Path(__file__).resolve().parents[2]
JOBS = 12


@pytest.fixture
def keeper(
    scratch_database: str, tmp_path: Path
) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts a real keeper on the scratch database and waits until its first round."""
    started: list[subprocess.Popen[bytes]] = []
    environment = {
        **os.environ,
        "DATABASE_URL": with_name(os.environ["DATABASE_URL"], scratch_database),
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "PANORAMA_JOB_AHEAD": "1000",
        "PANORAMA_JOB_SHARES": "batch=1000",
        "PANORAMA_JOB_SWEEP_SECONDS": "1",
        "PANORAMA_CHECKPOINT_DIR": str(tmp_path / "checkpoints"),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "platform")]),
    }

    def start() -> subprocess.Popen[bytes]:
        log = tmp_path / f"keeper-{len(started)}.log"
        with log.open("wb") as handle:
            process = subprocess.Popen(
                [sys.executable, "manage.py", "run_keeper"],
                cwd=ROOT, env=environment, stdout=handle, stderr=handle, start_new_session=True,
            )  # fmt: skip
        started.append(process)
        wait_until(lambda: b"keeper: " in log.read_bytes(), "the keeper to start")
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
        process.wait()


def wait_until(look: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}"
        time.sleep(0.2)


def states() -> dict[str, str]:
    """Job to the state of its ticket."""
    with public_scope(), connection.cursor() as cursor:
        cursor.execute("SELECT job_id::text, state FROM dispatch_ticket WHERE state <> 'done'")
        return dict(cursor.fetchall())


def test_keepers_killed_and_stopped_do_no_harm(bank_a, keeper, monkeypatch, settings, tmp_path):
    runs: list[str] = []
    kind = registry.JobKind("tests.kept", Queue.BATCH, lambda job: runs.append(job.job_id) or {})
    monkeypatch.setitem(registry._kinds, kind.kind, kind)
    # As if each web process died between its commit and its dispatch: the keepers alone send.
    monkeypatch.setattr("jobs.services.lifecycle.dispatch_after_commit", lambda queue: None)

    def start() -> list[str]:
        with bank_scope(bank_a):
            return [
                str(services.start_job(kind=kind.kind, params={}, actor=system_actor("test")).id)
                for _ in range(JOBS)
            ]

    def all_sent(jobs: list[str]) -> bool:
        found = states()
        return all(found.get(job) == "sent" for job in jobs)

    jobs = start()
    first, second = keeper(), keeper()
    wait_until(lambda: all_sent(jobs), "two keepers to send")
    first.kill()
    second.send_signal(signal.SIGSTOP)
    jobs += start()
    keeper()
    wait_until(lambda: all_sent(jobs), "the third to send beside a stopped one")
    settings.JOB_LEASE_SECONDS = 300
    with bank_scope(bank_a):
        assert [services.run_job(job_id=job) for job in jobs] == ["succeeded"] * len(jobs)
    second.send_signal(signal.SIGCONT)
    wait_until(lambda: states() == {}, "the queue to be empty")
    time.sleep(2)
    with bank_scope(bank_a):
        # What the woken one may have sent again finds nothing to run.
        assert {services.run_job(job_id=job) for job in jobs} == {None}
        wait_until(lambda: _pending() == 0, "every entry to be sealed")
        settings.CHECKPOINT_DIR = str(tmp_path / "checkpoints")
        assert not verify(bank_a.schema).findings
    assert sorted(runs) == sorted(jobs)
    assert states() == {}


def _pending() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_pendingseal")
        return int(cursor.fetchone()[0])
