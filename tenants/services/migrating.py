"""`migrate_banks`: every bank's schema to the code's version, by several processes, and again after any of them died.

What a schema has reached stands in the schema itself; `SchemaMigration` tells what a run wants and how far it came.
A worker holds a session's lock while it works on a bank, so the lock of one that died is free, and two runs at once
share the banks.
"""

import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing import get_context

from django.db import connection, connections, transaction
from django.db.models import QuerySet

from accounts import policies
from audit.services import record
from core.actors import Actor
from core.clock import now
from core.errors import NotFound
from core.tenancy import public_scope
from tenants.choices import BankState, MigrationOutcome
from tenants.models import Bank, SchemaMigration
from tenants.provisioning import upgrading, versions

# With the hash of a schema's name, the lock of whoever migrates it.
BANK_LOCK = 7_304_003
SERVED = (BankState.ACTIVE, BankState.SUSPENDED, BankState.CLOSING)
OPEN = (MigrationOutcome.PENDING, MigrationOutcome.RUNNING)
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.5, 10.0
IDLE_SECONDS = 0.2
Say = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Options:
    """How long a lock is waited for, and how often a hindered bank is tried, after waits that double."""

    workers: int = 1
    lock_seconds: float = 1.0
    attempts: int = 8


@dataclass(frozen=True, slots=True)
class Failure:
    slug: str
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """`done` counts banks brought to the code's version by this run or one beside it; `current` were there before."""

    done: int
    current: int
    failed: tuple[Failure, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Plan:
    """Migrations a bank lacks, by name."""

    slug: str
    lacks: tuple[str, ...]


def plan_migrations(*, only: Sequence[str] = ()) -> list[Plan]:
    """What a run would do to each bank; changes nothing. Needs the admin login."""
    with public_scope():
        banks = _wanted(only)
    return [
        Plan(b.slug, tuple(f"{a}.{n}" for a, n in versions.missing_in(b.schema_name)))
        for b in banks
    ]


def migrate_banks(
    *,
    actor: Actor,
    only: Sequence[str] = (),
    options: Options | None = None,
    verify: bool = False,
    say: Say = lambda text: None,
) -> Report:
    """Bring banks to the code's version. Banks that are there are left alone unless `verify` asks to look into each.

    Raises `NotFound` for an unknown name in `only`. A bank's failure is in the report and stops no other. Needs the
    admin login.
    """
    options = options or Options()
    policies.require(actor, "tenants.bank.change")
    begun = time.monotonic()
    with public_scope():
        banks = _wanted(only)
        todo = _enlist(banks, verify=verify)
    run = _Run(frozenset(todo), actor, options, say, begun)
    if todo:
        _in_processes(run, min(options.workers, len(todo)))
    with public_scope():
        failed = SchemaMigration.objects.filter(bank__in=todo, state=MigrationOutcome.FAILED)
        failures = tuple(
            Failure(slug, error)
            for slug, error in failed.order_by("bank__slug").values_list("bank__slug", "error")
        )
    done = len(todo) - len(failures)
    return Report(done, len(banks) - len(todo), failures, time.monotonic() - begun)


def _wanted(only: Sequence[str]) -> list[Bank]:
    banks = Bank.objects.filter(state__in=SERVED).order_by("slug")
    if not only:
        return list(banks)
    found = list(banks.filter(slug__in=only))
    unknown = sorted(set(only) - {bank.slug for bank in found})
    if unknown:
        raise NotFound(f"No such bank, or not onboarded: {', '.join(unknown)}.")
    return found


@transaction.atomic
def _enlist(banks: list[Bank], *, verify: bool) -> list[int]:
    """Write down who is to be migrated. A row another run is working on stays as it is."""
    version = versions.code_state().version
    todo = [bank.pk for bank in banks if verify or bank.schema_version != version]
    fresh = {
        "target": version, "state": MigrationOutcome.PENDING, "attempts": 0, "due_at": now(),
        "finished_at": None, "error": "",
    }  # fmt: skip
    SchemaMigration.objects.bulk_create(
        [SchemaMigration(bank_id=pk, **fresh) for pk in todo], ignore_conflicts=True
    )
    stale = SchemaMigration.objects.filter(bank__in=todo).exclude(state__in=OPEN, target=version)
    stale.update(**fresh)
    # What an earlier run put off, because it was hindered, is tried at once.
    SchemaMigration.objects.filter(bank__in=todo).update(due_at=now(), attempts=0)
    return todo


def _in_processes(run: "_Run", workers: int) -> None:
    """The run in this process and `workers - 1` forked ones, each with a connection of its own."""
    connections.close_all()
    fork = get_context("fork")
    parent = os.getpid()
    children = [
        fork.Process(target=run.work, kwargs={"parent": parent}, daemon=True)
        for _ in range(workers - 1)
    ]
    for child in children:
        child.start()
    run.work()
    for child in children:
        child.join()


@dataclass(frozen=True, slots=True)
class _Run:
    banks: frozenset[int]
    actor: Actor
    options: Options
    say: Say
    begun: float

    def work(self, parent: int | None = None) -> None:
        """Take banks until none is left open. A worker whose parent died finishes its bank and ends."""
        with public_scope():
            while parent is None or os.getppid() == parent:
                taken = self._take()
                if taken is not None:
                    try:
                        self._migrate(taken)
                    finally:
                        _unlock(taken.bank.schema_name)
                elif not self._open().exists():
                    break
                else:
                    time.sleep(IDLE_SECONDS)
        if parent is not None:
            connections.close_all()

    def _open(self) -> QuerySet[SchemaMigration]:
        return SchemaMigration.objects.filter(bank__in=self.banks, state__in=OPEN)

    def _take(self) -> SchemaMigration | None:
        due = self._open().filter(due_at__lte=now()).select_related("bank")
        for row in due.order_by("due_at", "bank__slug")[: self.options.workers * 4 + 8]:
            if not _try_lock(row.bank.schema_name):
                continue
            row.refresh_from_db(fields=["state", "attempts"])
            if row.state in OPEN:
                return row
            _unlock(row.bank.schema_name)
        return None

    def _migrate(self, row: SchemaMigration) -> None:
        row.state, row.attempts = MigrationOutcome.RUNNING, row.attempts + 1
        row.save(update_fields=["state", "attempts"])
        begun = time.monotonic()
        try:
            count = upgrading.upgrade(row.bank.schema_name, lock_seconds=self.options.lock_seconds)
        except upgrading.Hindered as error:
            self._put_off(row, str(error))
        except Exception as error:  # A bank's failure is reported and stops no other.
            self._end(
                row, MigrationOutcome.FAILED, f"{type(error).__name__}: {error}".strip(), begun
            )
        else:
            self._finish(row, count, begun)

    def _put_off(self, row: SchemaMigration, reason: str) -> None:
        if row.attempts >= self.options.attempts:
            text = f"Hindered {row.attempts} times: {reason}"
            return self._end(row, MigrationOutcome.FAILED, text, None)
        wait = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** (row.attempts - 1))
        row.state, row.error = MigrationOutcome.PENDING, reason
        row.due_at = now() + timedelta(seconds=wait * random.uniform(0.8, 1.2))  # noqa: S311
        row.save(update_fields=["state", "error", "due_at"])
        self.say(f"{row.bank.slug}: put off for {wait:g} s: {reason}")

    def _finish(self, row: SchemaMigration, count: int, begun: float) -> None:
        bank, before = row.bank, row.bank.schema_version
        version = versions.version_of(versions.applied_in(bank.schema_name))
        with transaction.atomic():
            Bank.objects.filter(pk=bank.pk).update(schema_version=version)
            if count:
                record(
                    actor=self.actor, action="tenants.bank.migrate", target="bank", target_id=bank.slug,
                    detail={"from": before, "to": version, "migrations": count},
                )  # fmt: skip
            self._end(row, MigrationOutcome.DONE, "", begun, note=f"{count} migration(s)")

    def _end(
        self, row: SchemaMigration, state: str, error: str, begun: float | None, note: str = ""
    ) -> None:
        row.state, row.error, row.finished_at = state, error[:2000], now()
        row.seconds = 0.0 if begun is None else time.monotonic() - begun
        row.save(update_fields=["state", "error", "finished_at", "seconds"])
        done, total = len(self.banks) - self._open().count(), len(self.banks)
        rate = done / max(time.monotonic() - self.begun, 1e-6)
        self.say(
            f"[{done}/{total}] {row.bank.slug}: {error or note} in {row.seconds:.2f} s; "
            f"{rate:.1f} banks/s, {(total - done) / rate:.0f} s left"
        )


def _try_lock(schema: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", [BANK_LOCK, schema])
        return bool(cursor.fetchone()[0])


def _unlock(schema: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", [BANK_LOCK, schema])
