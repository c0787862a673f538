"""Promise 8: jobs are asked for while every process is killed; each one asked for ends, with one effect."""

import http.client
import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from config.story.http import StoryFailed, new_key
from tests.stack import wait_for
from tests.stack_portfolio import Bench

ROWS = 200
AGAIN_SECONDS = 60.0
LEASE_SECONDS = "4"
TROUBLE = (OSError, http.client.HTTPException, StoryFailed)


@dataclass
class Trial:
    """What was asked for, what was killed, and how long the interrupted jobs waited to be taken up again."""

    wanted: int
    accepted: dict[str, str] = field(default_factory=dict)
    kills: list[str] = field(default_factory=list)
    last_kill: float = 0.0
    taken_up_after: float = 0.0


def run_trial(
    bench: Bench, folder: Path, *, jobs: int, kills: list[Callable[[], str]], seed: int
) -> Trial:
    """Ask for `jobs` batches and kill in between; check every promise. Returns what happened."""
    load_id = bench.load(ROWS, folder)
    trial = Trial(jobs)
    killer = threading.Thread(
        target=_kill, args=(bench, trial, kills, random.Random(seed)), daemon=True
    )
    killer.start()
    for number in range(jobs):
        _ask(bench, load_id, trial, f"{seed}-{number}-{new_key()}")
    killer.join()
    assert len(trial.kills) == len(kills)
    assert 0 < trial.taken_up_after <= AGAIN_SECONDS
    _wait_for_all(bench, trial)
    _assert_one_effect_each(bench, trial)
    return trial


def _kill(
    bench: Bench, trial: Trial, kills: list[Callable[[], str]], chance: random.Random
) -> None:
    for kill in kills:
        time.sleep(chance.uniform(0.5, 3.0))
        # A process that is just being started again has no id yet.
        trial.kills.append(
            wait_for(lambda kill=kill: _try(kill), seconds=60, what="a process to kill")
        )
        trial.last_kill = time.monotonic()
    _watch_last_kill(bench, trial)


def _try(kill: Callable[[], str]) -> str | None:
    try:
        return kill()
    except LookupError:
        return None


def _ask(bench: Bench, load_id: str, trial: Trial, key: str) -> None:
    """Ask until the answer is in hand, as any client does: the key makes it one job however often it is asked for."""
    body = json.dumps({"load": load_id, "model": bench.model_id}).encode()
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}

    def accepted() -> dict[str, Any] | None:
        try:
            status, answer = bench.api().send(
                "POST", "/api/v1/scoring/batches", body, headers=headers
            )
        except TROUBLE:
            return None
        assert status in (202, 409, 429, 502, 503), answer
        return json.loads(answer) if status == 202 else None

    found = wait_for(accepted, seconds=120, what="a batch to be accepted")
    trial.accepted[found["job"]["id"]] = found["id"]


def _job(bench: Bench, job_id: str) -> dict[str, Any] | None:
    try:
        return bench.api().call("GET", f"/api/v1/jobs/{job_id}")
    except TROUBLE:
        return None


def _watch_last_kill(bench: Bench, trial: Trial) -> None:
    """From the last kill on: until each job that was with a worker or in the broker is with a living worker or done.

    Read from the tickets: a claim or a heartbeat after the kill moves `due_at` past it by a whole lease.
    """
    killed = datetime.fromtimestamp(time.time(), UTC)
    alive_from = killed + timedelta(seconds=float(LEASE_SECONDS) + 1)
    left = {job for job, *_ in _tickets(bench, seconds=30)}

    def all_taken_up() -> bool:
        now = {
            job: state == "running" and due_at > alive_from
            for job, state, due_at in _tickets(bench, seconds=30)
        }
        left.difference_update({job for job in left if now.get(job, True)})
        return not left

    wait_for(all_taken_up, seconds=2 * AGAIN_SECONDS, what="interrupted jobs to be taken up")
    trial.taken_up_after = time.monotonic() - trial.last_kill


def _tickets(bench: Bench, *, seconds: float) -> list[tuple[str, str, datetime]]:
    """Jobs that were sent and have not ended, straight from PostgreSQL, which may just be starting again."""

    def read() -> list[tuple[str, str, datetime]] | None:
        try:
            with psycopg.connect(bench.stack.environment()["DATABASE_ADMIN_URL"]) as connection:
                return connection.execute(
                    "SELECT job_id::text, state, due_at FROM dispatch_ticket WHERE state IN ('sent', 'running')"
                ).fetchall()
        except psycopg.OperationalError:
            return None

    deadline = time.monotonic() + seconds
    while (found := read()) is None:
        assert time.monotonic() < deadline, "PostgreSQL did not come back"
        time.sleep(0.2)
    return found


def _wait_for_all(bench: Bench, trial: Trial) -> None:
    left = set(trial.accepted)

    def all_ended() -> bool:
        for job_id in list(left):
            job = _job(bench, job_id)
            if job is None or not job["finished"]:
                return False
            assert job["state"] == "succeeded", job
            left.discard(job_id)
        return True

    wait_for(all_ended, seconds=60 + 4 * trial.wanted, what=f"all of {trial.wanted} jobs to end")


def _assert_one_effect_each(bench: Bench, trial: Trial) -> None:
    assert len(trial.accepted) == trial.wanted
    assert len(set(trial.accepted.values())) == trial.wanted
    for batch_id in trial.accepted.values():
        numbers = bench.results(batch_id).column("row").to_pylist()
        assert len(numbers) == len(set(numbers)) == ROWS
    said = json.loads(
        bench.stack.python("-m", "tests.faults.effects", bench.bank.slug).splitlines()[-1]
    )
    assert {job: said["ended"].get(job) for job in trial.accepted} == dict.fromkeys(
        trial.accepted, 1
    )
    # The queue's own counts are back at nothing: no place was lost by a kill.
    assert wait_for(lambda: _counts(bench) == (0, 0, 0), seconds=60, what="the queue to be empty")


def _counts(bench: Bench) -> tuple[int, int, int]:
    said = json.loads(
        bench.stack.python("-m", "tests.faults.effects", bench.bank.slug).splitlines()[-1]
    )
    return said["open_tickets"], said["counted"], said["ahead"]
