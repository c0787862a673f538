"""What an operator changes is in force in every process within five seconds, also while Redis hangs."""

import http.client
import itertools
import json
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from tests.faults.conftest import Bench
from tests.stack import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stack")]

IN_FORCE_SECONDS = 5.0
WATCHED_SECONDS = 8.0
_NUMBERS = itertools.count()
APPLICANT = {"income": 0.1, "debt": 0.2, "age": 0.0, "months": 1.0, "noise": 0.0}


@pytest.fixture
def redis(bench: Bench, request) -> Iterator[str]:
    if request.param == "hanging":
        bench.stack.kill("redis", signal.SIGSTOP)
    yield request.param
    if request.param == "hanging":
        bench.stack.kill("redis", signal.SIGCONT)


def changed(bench: Bench, what: str, value: str) -> float:
    """The moment of the commit."""
    said = bench.stack.python("-m", "tests.faults.change_bank", bench.bank.slug, what, value)
    return float(said.splitlines()[-1])


def page(bench: Bench) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", bench.stack.port, timeout=30)
    try:
        connection.request("GET", "/admin/login/", headers={"Host": bench.bank.host})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def listed(bench: Bench) -> tuple[int, bytes]:
    return bench.api().send("GET", "/api/v1/datasets", None, headers={})


def decided(bench: Bench) -> tuple[int, bytes]:
    """The hot path, with a key of its own each time."""
    number = next(_NUMBERS)
    body = {"application": f"S{number}", "inputs": APPLICANT}
    headers = {"Content-Type": "application/json", "Idempotency-Key": f"s{number}"}
    return bench.api().send(
        "POST", "/api/v1/scoring/decisions", json.dumps(body).encode(), headers=headers
    )


def watch(
    bench: Bench, asks: list[Callable[[Bench], tuple[int, bytes]]], code: bytes, commit: float
) -> None:
    """Every request that begins later than five seconds after the commit is refused with the code."""
    seen = 0
    while time.time() < commit + WATCHED_SECONDS:
        for ask in asks:
            begun = time.time()
            status, body = ask(bench)
            if begun > commit + IN_FORCE_SECONDS:
                seen += 1
                assert status in (403, 429), (ask.__name__, status, begun - commit)
                assert code in body
    assert seen >= len(asks)


def back(bench: Bench) -> None:
    wait_for(lambda: decided(bench)[0] in (200, 201) or None, seconds=60, what="decisions again")


@pytest.mark.parametrize("redis", ["running", "hanging"], indirect=True)
def test_suspension_closes_api_pages_and_decisions_and_resuming_opens_them(
    bench: Bench, redis: str
) -> None:
    back(bench)
    watch(bench, [listed, decided, page], b"bank_suspended", changed(bench, "state", "suspended"))
    changed(bench, "state", "active")
    back(bench)
    assert page(bench)[0] == 200


@pytest.mark.parametrize(
    "redis", ["running", pytest.param("hanging", marks=pytest.mark.soak)], indirect=True
)
def test_module_and_plan_close_and_open(bench: Bench, redis: str) -> None:
    watch(bench, [decided], b"module_off", changed(bench, "plan", "lean"))
    assert listed(bench)[0] == 200
    changed(bench, "plan", "full")
    back(bench)


@pytest.mark.parametrize(
    "redis", ["running", pytest.param("hanging", marks=pytest.mark.soak)], indirect=True
)
def test_quota_of_nothing_stops_decisions(bench: Bench, redis: str) -> None:
    watch(bench, [decided], b"quota_exceeded", changed(bench, "quota", "0"))
    changed(bench, "quota", "1000000")
    back(bench)
