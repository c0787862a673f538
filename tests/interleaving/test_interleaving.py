"""Many threads on many banks at once, with connections killed under them: not one answer from the wrong bank."""

import os
import random
import subprocess
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Sequence

import pytest
from django.db import InterfaceError, OperationalError, connections

from core.tenancy import BankContext, bank_directory
from tests import databases
from tests.interleaving.operations import OPERATIONS, WrongBankSeen

THREADS = 8
# Ends one of the application's connections to the database under test, whichever it is.
KILL = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE usename = 'panorama_web' AND datname = current_database() ORDER BY random() LIMIT 1"""


def onboard(name: str, count: int) -> list[BankContext]:
    """`count` banks in the private database `name`, the two permanent ones among them."""
    urls = {
        key: databases.with_name(os.environ[key], name)
        for key in ("DATABASE_URL", "DATABASE_ADMIN_URL")
    }
    subprocess.run(
        [sys.executable, "-m", "tests.interleaving.more_banks", "mix", str(count - 2)],
        env={**os.environ, **urls}, check=True, capture_output=True,
    )  # fmt: skip
    bank_directory().forget()  # type: ignore[attr-defined]
    return bank_directory().active()


class Crew:
    """Threads that draw operations until `total` are done."""

    def __init__(self, banks: Sequence[BankContext], total: int) -> None:
        self.banks = banks
        self.counts: Counter[str] = Counter()
        self.lock = threading.Lock()
        self.left = total
        self.wrong: list[str] = []

    def work(self, seed: int) -> None:
        draw = random.Random(seed)
        try:
            while self._take():
                operation = draw.choice(OPERATIONS)
                try:
                    operation(draw, self.banks)
                    self._count(operation.__name__)
                except WrongBankSeen as error:
                    self.wrong.append(f"{operation.__name__}: {error}")
                except (OperationalError, InterfaceError):
                    # The connection was killed; what came before was right or had no answer.
                    self._count("killed")
                    connections["default"].close()
        except BaseException as error:
            self.wrong.append(f"{type(error)}: {error}\n{traceback.format_exc()}")
        finally:
            connections["default"].close()

    def _take(self) -> bool:
        with self.lock:
            self.left -= 1
            return self.left >= 0

    def _count(self, name: str) -> None:
        with self.lock:
            self.counts[name] += 1


def interleave(banks: Sequence[BankContext], total: int, superuser) -> Crew:
    crew = Crew(banks, total)
    threads = [threading.Thread(target=crew.work, args=(seed,)) for seed in range(THREADS)]
    with superuser() as killer:
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            threads[0].join(timeout=0.05)
            killer.execute(KILL)
    return crew


@pytest.mark.parametrize(
    ("count", "total"),
    [(4, 1_000), pytest.param(20, 100_000, marks=pytest.mark.soak)],
    ids=["short", "long"],
)
def test_no_answer_comes_from_another_bank(
    scratch_database, django_db_blocker, superuser_connection, count, total
):
    with django_db_blocker.unblock():
        banks = onboard(scratch_database, count)
        assert len(banks) == count
        crew = interleave(banks, total, superuser_connection)
    assert crew.wrong == []
    assert sum(crew.counts.values()) == total
    # Kills happened and were not what most operations met.
    assert 0 < crew.counts["killed"] < total / 5
    assert all(crew.counts[operation.__name__] for operation in OPERATIONS)
