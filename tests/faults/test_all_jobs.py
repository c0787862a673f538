"""Promise 8, before the other fault tests end the shared stack: short in the suite, 500 jobs in the soak."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.faults.conftest import LEASE_SECONDS, SLUG, Bench, furnish
from tests.faults.never_lost import run_trial
from tests.rabbitmq_node import RabbitNode
from tests.stack import Stack

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stack")]

PROCESSES = (
    "worker-batch", "web", "keeper", "worker-realtime", "worker-training", "worker-ops", "postgres",
)  # fmt: skip
JOBS = 500


def _kill(stack: Stack, name: str) -> str:
    stack.kill(name)
    return name


def _flush(stack: Stack) -> str:
    """Redis forgets every message it has, and dies."""
    socket = stack.environment()["BROKER_URL"].split("//", 1)[1].split("?")[0]
    stack.python(
        "-c", "import redis, sys; redis.Redis(unix_socket_path=sys.argv[1]).flushall()", socket
    )
    stack.kill("redis")
    return "redis"


def _kills(stack: Stack, *, rounds: int, broker: Callable[[], str]) -> list[Callable[[], str]]:
    one = [*(partial(_kill, stack, name) for name in PROCESSES), broker]
    return one * rounds


def test_sixty_jobs_under_kills_of_every_process(bench: Bench, tmp_path: Path) -> None:
    kills = [
        partial(_kill, bench.stack, "worker-batch"),
        partial(_flush, bench.stack),
        partial(_kill, bench.stack, "keeper"),
        partial(_kill, bench.stack, "web"),
        partial(_kill, bench.stack, "postgres"),
    ]
    run_trial(bench, tmp_path, jobs=60, kills=kills, seed=8)


@pytest.mark.soak
def test_five_hundred_jobs_under_kills_of_every_process(bench: Bench, tmp_path: Path) -> None:
    kills = _kills(bench.stack, rounds=4, broker=partial(_flush, bench.stack))
    trial = run_trial(bench, tmp_path, jobs=JOBS, kills=kills, seed=500)
    print(
        f"Redis: {JOBS} of {JOBS}; {len(kills)} kills; taken up {trial.taken_up_after:.1f} s after the last"
    )


@pytest.fixture
def rabbit() -> Iterator[RabbitNode]:
    base = Path(tempfile.mkdtemp(prefix="panorama-rabbit-"))
    node = RabbitNode(base)
    try:
        node.start()
        yield node
    finally:
        node.stop()
        shutil.rmtree(base, ignore_errors=True)


@pytest.mark.soak
def test_the_same_over_rabbitmqs_quorum_queues(rabbit: RabbitNode, tmp_path: Path) -> None:
    base = Path(tempfile.mkdtemp(prefix="panorama-faults-"))
    base.chmod(0o711)
    extra = {"PANORAMA_JOB_LEASE_SECONDS": LEASE_SECONDS, "BROKER_URL": rabbit.url}
    stack = Stack.start(base / "run", extra=extra)

    def crash() -> str:
        rabbit.kill()
        rabbit.start()
        return "rabbitmq"

    try:
        bench = furnish(stack, base, SLUG)
        queues = rabbit.queues()
        assert {queues[name] for name in ("batch", "training", "ops")} == {"quorum"}
        kills = _kills(stack, rounds=4, broker=crash)
        trial = run_trial(bench, tmp_path, jobs=JOBS, kills=kills, seed=501)
        print(
            f"RabbitMQ: {JOBS} of {JOBS}; taken up {trial.taken_up_after:.1f} s after the last kill"
        )
    finally:
        stack.stop()
        shutil.rmtree(base, ignore_errors=True)
