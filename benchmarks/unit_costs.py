"""What one unit of work costs: processor time by process, bytes kept. For planning: docs/operations/scaling.md.

    python -m benchmarks.unit_costs          # a Panorama of its own in a temporary folder

Writes results/unit_costs.json. Processor time counts what the processes used, not what they waited for, so a busy
machine disturbs it less than the clock; it still grows when others empty the caches. `load` figures say how busy the
machine was. Onboarding runs in a command of its own, whose time is in `elapsed` alone.
"""

from __future__ import annotations

import concurrent.futures
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pyarrow.parquet as pq

from benchmarks.results_file import Figure, write
from tests.stack import Stack
from tests.stack_portfolio import Bench, furnish, synthetic_rows

DECISIONS = 2_000
CALLERS = 4
BATCH_ROWS = 200_000
JOBS = 30
IDLE_SECONDS = 20.0
WORKERS = ("worker-training", "worker-batch", "worker-realtime", "worker-ops")
PARTS = {
    "web": ("web",),
    "workers": WORKERS,
    "keeper": ("keeper",),
    "postgres": ("postgres",),
    "redis": ("redis",),
}
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Processor seconds by part, and bytes that stand in the database, in its log, and in files."""

    processor: dict[str, float]
    database: int
    log: int
    files: int
    moment: float


def processor_seconds(root: int) -> float:
    """User and system time of a process and all below it, those that have ended included."""
    family, found, total = {root}, True, 0.0
    parents = {seen: _stat(seen) for seen in _pids()}
    while found:
        found = {pid for pid, stat in parents.items() if stat and int(stat[1]) in family} - family
        family |= found
    for pid in family:
        stat = parents.get(pid) or _stat(pid)
        if stat:
            total += sum(int(word) for word in stat[11:15]) / _TICKS
    return total


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _stat(pid: int) -> list[str] | None:
    """Fields of /proc/PID/stat from the state on; None for a process that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


class Meter:
    """Looks at one stack."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._link = psycopg.connect(
            stack.environment(login="admin")["DATABASE_ADMIN_URL"], autocommit=True
        )

    def close(self) -> None:
        self._link.close()

    def look(self) -> Snapshot:
        processor = {
            part: sum(processor_seconds(self._pid(name)) for name in names)
            for part, names in PARTS.items()
        }
        size, log = self.ask(
            "SELECT pg_database_size(current_database()), pg_current_wal_lsn() - '0/0'::pg_lsn"
        )
        files = sum(
            p.stat().st_size for p in (self._stack.run.root / "storage").rglob("*") if p.is_file()
        )
        return Snapshot(processor, int(size), int(log), files, time.monotonic())

    def ask(self, statement: str) -> tuple[Any, ...]:
        """One row."""
        row = self._link.execute(statement).fetchone()
        assert row is not None
        return row

    def memory(self, name: str) -> float:
        """Proportional memory in MiB of a supervised process and its children."""
        family = {self._pid(name)}
        for _ in range(3):
            family |= {pid for pid in _pids() if (stat := _stat(pid)) and int(stat[1]) in family}
        return sum(_proportional(pid) for pid in family) / 1024

    def _pid(self, name: str) -> int:
        pid = self._stack.pid(name)
        assert pid is not None
        return pid


def _proportional(pid: int) -> int:
    """KiB, shared pages by their share."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def cost(
    meter: Meter,
    name: str,
    units: float,
    unit: str,
    work: Callable[[], object],
    *,
    settle: float = 3.0,
) -> list[Figure]:
    """Do the work once and share what it used among its units. `settle` lets the sealer finish."""
    before = meter.look()
    work()
    done = time.monotonic()
    time.sleep(settle)
    after = meter.look()
    figures = [_figure(f"{name}, elapsed", 1000 * (done - before.moment) / units, f"ms/{unit}")]
    for part in PARTS:
        used = after.processor[part] - before.processor[part]
        figures.append(_figure(f"{name}, processor, {part}", 1000 * used / units, f"ms/{unit}"))
    for kind in ("database", "log", "files"):
        kept = getattr(after, kind) - getattr(before, kind)
        figures.append(_figure(f"{name}, bytes, {kind}", kept / units, f"bytes/{unit}"))
    return figures


def _figure(name: str, value: float, unit: str) -> Figure:
    return Figure(
        name=name,
        value=round(value, 4),
        unit=unit,
        baseline=None,
        goal=None,
        higher_is_better=False,
    )


def decide(bench: Bench, count: int) -> None:
    """`count` decisions by four callers, each over one connection."""

    def some(number: int) -> None:
        api = bench.bank.api()
        for _ in range(number):
            reference = secrets.token_hex(8)
            body = {
                "application": reference,
                "customer": f"C-{reference}",
                "inputs": {"income": 0.1, "debt": -0.4, "age": 0.2, "months": 1.0, "noise": 0.0},
            }
            headers = {"Idempotency-Key": reference}
            api.call("POST", "/api/v1/scoring/decisions", body, headers=headers, expect=201)

    with concurrent.futures.ThreadPoolExecutor(CALLERS) as pool:
        for done in [pool.submit(some, count // CALLERS) for _ in range(CALLERS)]:
            done.result()


def small_jobs(bench: Bench, load: str) -> None:
    """Batches of ten rows, one after the other: nearly all of it is the job itself."""
    for _ in range(JOBS):
        bench.api().wait_for_job(bench.start_batch(load)[1])


def measured(stack: Stack, folder: Path) -> list[Figure]:
    meter = Meter(stack)
    try:
        return _measured(stack, meter, folder)
    finally:
        meter.close()


def _measured(stack: Stack, meter: Meter, folder: Path) -> list[Figure]:
    bench = furnish(stack, folder, "river")
    figures = [_figure("load of the machine at the start", os.getloadavg()[0], "")]
    figures += cost(
        meter, "a bank onboarded", 2, "bank", lambda: [stack.bank("lake"), stack.bank("sea")]
    )
    decide(bench, 200)
    figures += cost(
        meter, "a decision", DECISIONS, "decision", lambda: decide(bench, DECISIONS), settle=6.0
    )
    path = folder / "size.parquet"
    pq.write_table(synthetic_rows(BATCH_ROWS, BATCH_ROWS), path)
    megabytes, loads = path.stat().st_size / 1e6, []
    figures += cost(
        meter,
        "Parquet taken in",
        megabytes,
        "MB",
        lambda: loads.append(bench.load(BATCH_ROWS, folder)),
    )

    def batch() -> None:
        bench.api().wait_for_job(bench.start_batch(loads[0])[1])

    figures += cost(meter, "a batch row", BATCH_ROWS / 1000, "1000 rows", batch)
    tiny = bench.load(10, folder)
    figures += cost(meter, "a job", JOBS, "job", lambda: small_jobs(bench, tiny))
    figures += cost(
        meter, "doing nothing", IDLE_SECONDS, "s", lambda: time.sleep(IDLE_SECONDS), settle=0.0
    )
    for name in ("web", *WORKERS, "keeper", "redis", "postgres"):
        figures.append(_figure(f"memory, {name}", meter.memory(name), "MiB"))
    (open_now,) = meter.ask(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    figures.append(_figure("database connections open", open_now, ""))
    figures.append(_figure("load of the machine at the end", os.getloadavg()[0], ""))
    return figures


def main() -> int:
    base = Path(tempfile.mkdtemp(prefix="panorama-costs-"))
    base.chmod(0o711)
    stack = None
    try:
        stack = Stack.start(base / "run")
        write("unit_costs", measured(stack, base))
    finally:
        if stack is not None:
            stack.stop()
        shutil.rmtree(base, ignore_errors=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
