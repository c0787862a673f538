"""How far one bank at ten times its load moves the others: decisions over HTTP, and jobs from start to end.

A whole Panorama is started with four banks. Phases with and without the noisy bank's flood alternate; the figure is
the ratio of the other banks' 95th percentiles, median over the pairs. Times count from the moment a request was due,
so a stalled client hides nothing.

    python -m benchmarks.noisy_bank [--pairs 5] [--seconds 12] [--rate 8]
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import os
import shutil
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from benchmarks.results_file import Figure, write
from config.story.http import Api, StoryFailed, new_key
from tests.stack import Stack
from tests.stack_portfolio import Bench, furnish

QUIET = ("river", "hill", "lake")
NOISY = "storm"
TIMES = 10
GOAL = 1.3
ROWS = 200
THREADS = 8
INPUTS = {"income": 0.4, "debt": 0.2, "age": 0.1, "months": 0.3, "noise": 0.0}


@dataclass
class Phase:
    """Latencies of the quiet banks in seconds, and the statuses of the noisy one."""

    quiet: list[float] = field(default_factory=list)
    noisy: Counter[int] = field(default_factory=Counter)

    @property
    def p95(self) -> float:
        return statistics.quantiles(self.quiet, n=20)[-1]


def _ask(api: Api, bank: Bench) -> int:
    body = {
        "application": new_key(), "customer": new_key(), "model": "synthetic", "inputs": INPUTS,
    }  # fmt: skip
    headers = {"Content-Type": "application/json", "Idempotency-Key": new_key()}
    return api.send(
        "POST", "/api/v1/scoring/decisions", json.dumps(body).encode(), headers=headers
    )[0]


def _client(bank: Bench) -> Api:
    """A connection of its own with the token of the bank's first one: every client has its token already."""
    api = bank.bank.api()
    bank.client.call("GET", "/api/v1/jobs")
    api._token, api._expires = bank.client._token, bank.client._expires
    return api


def _at_rate(rate: float, seconds: float, act: Callable[[int, float], None], threads: int) -> None:
    """Call `act(thread, due)` at evenly spaced moments from a few threads; late ones are not left out."""
    begin = time.perf_counter() + 0.2
    numbers = itertools.count()
    lock = threading.Lock()

    def work(thread: int) -> None:
        while True:
            with lock:
                due = begin + next(numbers) / rate
            if due > begin + seconds:
                return
            time.sleep(max(0.0, due - time.perf_counter()))
            act(thread, due)

    _together([(work, (number,)) for number in range(threads)])


def decisions(banks: dict[str, Bench], *, rate: float, seconds: float, noisy_rate: float) -> Phase:
    """One phase of online decisions."""
    phase = Phase()

    def bank_load(slug: str, its_rate: float) -> None:
        clients = [_client(banks[slug]) for _ in range(THREADS)]

        def act(thread: int, due: float) -> None:
            try:
                status = _ask(clients[thread], banks[slug])
            except (OSError, http.client.HTTPException, StoryFailed):
                status = 0
            if slug == NOISY:
                phase.noisy[status] += 1
            else:
                while status != 201:
                    # Refused or failed: asked again at once, and the time goes on.
                    assert time.perf_counter() - due < 60, f"{slug} was answered {status}"
                    status = _ask(clients[thread], banks[slug])
                phase.quiet.append(time.perf_counter() - due)

        _at_rate(its_rate, seconds, act, THREADS)

    _together([(bank_load, (slug, rate)) for slug in QUIET] + [(bank_load, (NOISY, noisy_rate))])
    return phase


def jobs(
    banks: dict[str, Bench],
    loads: dict[str, str],
    *,
    rate: float,
    seconds: float,
    noisy_rate: float,
) -> Phase:
    """One phase of batches; a job's time is from its acceptance to its end, by the database's clock."""
    phase = Phase()

    def bank_load(slug: str, its_rate: float) -> None:
        bank, started = banks[slug], []
        clients = [_client(bank) for _ in range(2)]

        def act(thread: int, due: float) -> None:
            body = {"load": loads[slug], "model": bank.model_id}
            found = clients[thread].call(
                "POST", "/api/v1/scoring/batches", body, expect=202,
                headers={"Idempotency-Key": new_key()},
            )  # fmt: skip
            started.append(found["job"]["id"])

        _at_rate(its_rate, seconds, act, 2)
        if slug == NOISY:
            phase.noisy[202] += len(started)
            bank.client.wait_for_job(started[-1], seconds=300)
            return
        for job_id in started:
            job = clients[0].wait_for_job(job_id, seconds=300)
            ended, asked = (datetime.fromisoformat(job[k]) for k in ("finished_at", "created_at"))
            phase.quiet.append((ended - asked).total_seconds())

    _together([(bank_load, (slug, rate)) for slug in QUIET] + [(bank_load, (NOISY, noisy_rate))])
    return phase


def _together(calls: list[tuple[Callable[..., None], tuple[object, ...]]]) -> None:
    """Run all at once; the first failure is raised."""
    failures: list[BaseException] = []

    def run(call: Callable[..., None], arguments: tuple[object, ...]) -> None:
        try:
            call(*arguments)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=entry) for entry in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def _compare(name: str, run: Callable[[float], Phase], *, rate: float, pairs: int) -> list[Figure]:
    calm, loud, ratios = [], [], []
    run(rate)
    for number in range(pairs):
        order = (False, True) if number % 2 == 0 else (True, False)
        found = {flood: run(rate * TIMES if flood else rate) for flood in order}
        calm.append(found[False].p95)
        loud.append(found[True].p95)
        ratios.append(loud[-1] / calm[-1])
        print(
            f"{name} pair {number + 1}: {1000 * calm[-1]:.1f} ms alone, {1000 * loud[-1]:.1f} ms beside the flood "
            f"({dict(found[True].noisy)}), ratio {ratios[-1]:.2f}, machine load {os.getloadavg()[0]:.1f}",
            flush=True,
        )
    return [
        Figure(
            name=f"{name}_others_p95_ratio", value=statistics.median(ratios), unit="ratio",
            baseline=1.0, goal=GOAL, higher_is_better=False,
        ),
        Figure(
            name=f"{name}_others_p95", value=1000 * statistics.median(loud), unit="ms",
            baseline=1000 * statistics.median(calm), goal=None, higher_is_better=False,
        ),
    ]  # fmt: skip


def measure(stack: Stack, base: Path, options: argparse.Namespace) -> list[Figure]:
    banks = {slug: furnish(stack, base, slug) for slug in (*QUIET, NOISY)}
    figures = _compare(
        "decision",
        lambda noisy: decisions(
            banks, rate=options.rate, seconds=options.seconds, noisy_rate=noisy
        ),
        rate=options.rate,
        pairs=options.pairs,
    )
    loads = {slug: bank.load(ROWS, base) for slug, bank in banks.items()}
    figures += _compare(
        "job",
        lambda noisy: jobs(
            banks, loads, rate=options.job_rate, seconds=options.seconds, noisy_rate=noisy
        ),
        rate=options.job_rate,
        pairs=options.pairs,
    )
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=12.0)
    parser.add_argument("--rate", type=float, default=8.0, help="decisions a second of a bank")
    parser.add_argument("--job-rate", type=float, default=0.3, help="batches a second of a bank")
    options = parser.parse_args()
    base = Path(tempfile.mkdtemp(prefix="panorama-noisy-"))
    base.chmod(0o711)
    stack = None
    try:
        stack = Stack.start(base / "run")
        write("noisy_bank", measure(stack, base, options))
    finally:
        if stack is not None:
            stack.stop()
        shutil.rmtree(base, ignore_errors=True)


if __name__ == "__main__":
    main()
