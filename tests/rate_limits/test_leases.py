"""Limits over threads, processes, a Redis that is away, hangs, or whose clock jumps."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import redis

from core.rate_limits.charging import _charged
from core.rate_limits.leases import Lease, OwnBucket
from core.rate_limits.limits import Limit, limits_of
from core.rate_limits.store import _TAKE, REST_SECONDS, TIMEOUT_SECONDS, Lot, Store
from core.tenancy import PUBLIC, BankContext
from embedded.redis_server import redis_server
from tests.databases import ROOT

LIMIT = Limit("bank", 6_000)
URL = os.environ["CACHE_URL"]


@pytest.fixture
def key() -> str:
    return f"rate:test:{os.getpid()}:{time.monotonic_ns()}"


def test_limits_come_from_the_plan():
    bank = BankContext(
        "bank_x", "r", "X", "active", frozenset(), limits={"rate.api": 1200, "rate.client": 300}
    )
    found = limits_of(bank)
    assert (found.client.per_minute, found.bank.per_minute, found.hard) == (300, 1200, True)
    assert found.policy == '"client";q=50;w=10, "bank";q=200;w=10'
    assert not limits_of(PUBLIC).hard
    soft = limits_of(BankContext("b", "r", "B", "active", frozenset(), limits={"rate.api": 7}))
    assert (soft.client.per_minute, soft.bank.per_minute) == (4, 7)
    assert soft.bank.capacity == 1


def test_bucket_of_the_process():
    bucket = OwnBucket(Limit("x", 60))
    assert [bucket.take().passed for _ in range(11)] == [True] * 10 + [False]
    refused = bucket.take()
    assert 0.5 < refused.wait <= 1.0


def test_one_lot_serves_many_calls(key):
    asked = []

    class Counted(Store):
        def take(self, *args, **kwargs):
            asked.append(1)
            return super().take(*args, **kwargs)

    lease = Lease(key, Limit("bank", 600_000), Counted(URL))
    assert all(lease.take().passed for _ in range(5_000))
    assert len(asked) == 10


def test_a_refusal_is_remembered(key):
    asked = []

    class Empty:
        def take(self, *args, **kwargs):
            asked.append(1)
            return Lot(0, 0, 30.0)

    lease = Lease(key, LIMIT, Empty())
    found = [lease.take() for _ in range(1_000)]
    assert not any(v.passed for v in found)
    assert len(asked) == 1
    assert 29 < found[-1].wait <= 30


def test_threads_share_one_bucket(key):
    """Exactly the bucket and what grew meanwhile, however many ask."""
    limit, store = Limit("bank", 60), Store(URL)
    leases = [Lease(key, limit, store) for _ in range(4)]
    passed, begun = [], time.monotonic()

    def run(lease: Lease) -> None:
        for _ in range(200):
            if lease.take().passed:
                passed.append(1)

    threads = [threading.Thread(target=run, args=(leases[n % 4],)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    grown = (time.monotonic() - begun) * limit.rate
    # Whoever met a busy store used a bucket of the process: at most one more full bucket a process.
    assert limit.capacity <= len(passed) <= 5 * limit.capacity + grown + 1


CHILD = """
import json, sys, time
from core.rate_limits.charging import _charged
from core.rate_limits.leases import Lease
from core.rate_limits.limits import Limit
from core.rate_limits.store import Store
key, url, minute, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
lease, passed = Lease(key, Limit("bank", minute), Store(url)), 0
begun = time.monotonic()
while time.monotonic() - begun < seconds:
    if lease.take().passed:
        passed += 1
    else:
        time.sleep(0.001)
print(json.dumps([passed, time.monotonic() - begun]))
"""


def test_two_processes_together_keep_the_limit(key):
    """Two processes at full speed for two seconds: the bucket, what grew, and not more than a lot beside it."""
    limit, seconds = Limit("bank", 60_000), 2.0
    children = [
        subprocess.Popen(
            [sys.executable, "-c", CHILD, key, URL, str(limit.per_minute), str(seconds)],
            cwd=ROOT, env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}"}, stdout=subprocess.PIPE,
        )
        for _ in range(2)
    ]  # fmt: skip
    found = [json.loads(child.communicate(timeout=60)[0]) for child in children]
    passed = sum(count for count, _ in found)
    # The second child may start later: what grew counts from the first start to the last end.
    assert passed >= limit.capacity + 0.5 * seconds * limit.rate
    assert passed <= 2 * limit.capacity + 6 * limit.rate


def test_a_client_alone_gets_the_whole_rate(key):
    """Its share at once, then what the bank's bucket gains, not half of it."""
    limits = limits_of(
        BankContext("b", "r", "B", "active", frozenset(), limits={"rate.api": 12_000})
    )
    store = Store(URL)
    client, bank = Lease(f"{key}:c", limits.client, store), Lease(key, limits.bank, store)
    surplus = Lease(key, limits.bank, store, reserve=limits.bank.capacity // 2)
    passed, begun = 0, time.monotonic()
    while (took := time.monotonic() - begun) < 2.0:
        own, _ = _charged(limits, client, bank, lambda: surplus)
        passed += own.passed
        time.sleep(0 if own.passed else 0.0005)
    burst, gained = limits.bank.capacity / 2, took * limits.bank.rate
    assert burst + 0.75 * gained <= passed <= burst + gained + 2


def test_surplus_leaves_the_reserve(key):
    limit, store = Limit("bank", 600), Store(URL)
    surplus = Lease(key, limit, store, reserve=limit.capacity // 2)
    taken = sum(surplus.take().passed for _ in range(200))
    assert limit.capacity // 2 - 5 <= taken <= limit.capacity // 2 + 5
    own = Lease(key, limit, store)
    assert sum(own.take().passed for _ in range(limit.capacity // 2 - 5)) == limit.capacity // 2 - 5


@pytest.mark.parametrize("jump", [-3_600, 3_600])
def test_a_jump_of_redis_clock_grants_at_most_one_bucket(key, jump):
    """As if the clock had been elsewhere: the time that stands in the bucket is moved instead."""
    client = redis.Redis.from_url(URL)
    limit, store = Limit("bank", 600), Store(URL)
    assert store.take(key, limit, wanted=100, reserve=0).granted == 100
    at = int(client.hget(key, "at"))
    client.hset(key, "at", str(at - jump * 1_000_000))
    found = store.take(key, limit, wanted=1_000, reserve=0)
    assert found.granted <= (limit.capacity if jump > 0 else 10)
    time.sleep(0.3)
    # After it the bucket fills as before, whichever way the clock went.
    assert 1 <= store.take(key, limit, wanted=50, reserve=0).granted <= 10
    assert client.pttl(key) > 0


def test_the_time_of_a_bucket_keeps_its_microseconds(key):
    """Lua writes 14 digits of a number by itself; the time has 16."""
    Store(URL).take(key, LIMIT, wanted=1, reserve=0)
    assert len(redis.Redis.from_url(URL).hget(key, "at")) == 16
    assert "string.format" in _TAKE


@pytest.fixture
def hanging(tmp_path: Path):
    """A Redis that takes connections and never answers."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "hung.sock"))
        server.listen(8)
        yield f"unix://{tmp_path / 'hung.sock'}"


@pytest.mark.parametrize("kind", ["hung", "gone"])
def test_without_redis_calls_go_on_and_nobody_waits(hanging, tmp_path, key, kind):
    url = hanging if kind == "hung" else f"unix://{tmp_path / 'nothing.sock'}"
    limit = Limit("bank", 60_000)
    lease = Lease(key, limit, Store(url))
    took, passed, since = [], 0, time.monotonic()
    for _ in range(2 * limit.capacity):
        begun = time.perf_counter()
        passed += lease.take().passed
        took.append(time.perf_counter() - begun)
    # The limit holds in each process; of the calls those wait that ask whether Redis is back, once a second.
    assert limit.capacity <= passed <= limit.capacity + (time.monotonic() - since) * limit.rate + 1
    assert sorted(took)[-5] < TIMEOUT_SECONDS
    assert sum(took) < len(took) * 0.001 + (1 + sum(took) / REST_SECONDS) * 4 * TIMEOUT_SECONDS


def test_redis_that_comes_back_is_used_again(key, tmp_path):
    """SIGSTOP and SIGCONT of a real server of our own."""
    folder = tmp_path / "redis"
    folder.mkdir()
    binary = redis_server_binary()
    path = folder / "r.sock"
    server = subprocess.Popen(
        [binary, "--port", "0", "--unixsocket", str(path), "--save", "", "--dir", str(folder)],
        stdout=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 10
        while not path.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        store = Store(f"unix://{path}")
        assert wait_for_lot(store, key)
        server.send_signal(signal.SIGSTOP)
        begun = time.perf_counter()
        assert store.take(key, LIMIT, wanted=1, reserve=0) is None
        assert time.perf_counter() - begun < 0.2
        server.send_signal(signal.SIGCONT)
        assert wait_for_lot(store, key)
    finally:
        server.kill()
        server.wait()


def wait_for_lot(store: Store, key: str) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if store.take(key, LIMIT, wanted=1, reserve=0) is not None:
            return True
        time.sleep(0.05)
    return False


def redis_server_binary() -> str:
    from embedded.run_folder import default_run_folder

    return str(redis_server(default_run_folder()).binary)


def test_a_charge_costs_microseconds(key):
    lease = Lease(key, Limit("bank", 60_000_000), Store(URL))
    lease.take()
    took = []
    for _ in range(20_000):
        begun = time.perf_counter_ns()
        lease.take()
        took.append(time.perf_counter_ns() - begun)
    assert sorted(took)[len(took) // 2] < 20_000
