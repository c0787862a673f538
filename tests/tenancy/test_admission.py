"""One bank's requests never take all of a process' threads, and a refusal is typed and gives its place to nobody."""

import time
from threading import Barrier, Lock, Thread

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from core.admission import Admission, admission
from core.middleware import ScopeMiddleware
from core.tenancy import bank_directory


def test_places_are_given_back_and_quiet_banks_take_no_memory():
    here = Admission()
    assert [here.enter("a", 2) for _ in range(3)] == [True, True, False]
    assert here.enter("b", 2)
    here.leave("a")
    assert here.enter("a", 2)
    for key in ("a", "a", "b"):
        here.leave(key)
    assert here.busy() == {}


def test_a_place_is_never_given_twice():
    here, taken, start = Admission(), [], Barrier(8)

    def race() -> None:
        start.wait()
        for _ in range(2_000):
            if here.enter("a", 3):
                taken.append(here.busy()["a"][0])
                here.leave("a")

    threads = [Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(taken) <= 3
    assert here.busy() == {}


def test_a_burst_waits_its_turn_and_a_flood_is_refused():
    here, order, served = Admission(), Lock(), []
    assert here.enter("a", 1)

    def call() -> None:
        got = here.enter("a", 1, waiting=2, seconds=20)
        with order:
            served.append(got)
        if got:
            here.leave("a")

    threads = [Thread(target=call) for _ in range(2)]
    for thread in threads:
        thread.start()
    while here.busy()["a"] != (1, 2):
        time.sleep(0.001)
    assert not here.enter("a", 1, waiting=2, seconds=20)
    assert here.enter("b", 1)
    here.leave("b")
    here.leave("a")
    for thread in threads:
        thread.join()
    assert served == [True, True]
    assert here.busy() == {}


def test_who_waited_long_enough_is_refused():
    here = Admission()
    assert here.enter("a", 1)
    assert not here.enter("a", 1, waiting=1, seconds=0.01)
    here.leave("a")
    assert here.busy() == {}


@pytest.fixture
def bank_full(bank_a, settings):
    """Alpha Bank has all its API places taken."""
    settings.BANK_REQUESTS_AT_ONCE = 2
    settings.BANK_REQUESTS_WAITING = 0
    key = f"{bank_a.schema}:api"
    assert admission.enter(key, 2)
    assert admission.enter(key, 2)
    yield bank_a
    admission.leave(key)
    admission.leave(key)


def test_full_bank_is_refused_and_others_and_its_staff_are_not(bank_full, bank_b, api, staff):
    answer = Client(HTTP_HOST=bank_full.host).get("/api/v1/jobs")
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_at_once")
    assert answer["Retry-After"] == "1"
    assert answer["Content-Type"] == "application/problem+json"
    assert api(bank_b).get("/api/v1/jobs").status_code == 200
    assert staff(bank_full, "risk_analyst").get("/admin/").status_code == 200


def test_plan_gives_another_number(bank_full, monkeypatch):
    with monkeypatch.context() as patch:
        limits = {**bank_full.limits, "at_once.requests": 3}
        patch.setattr(
            type(bank_directory()), "by_host", lambda self, host: _with_limits(bank_full, limits)
        )
        assert Client(HTTP_HOST=bank_full.host).get("/api/v1/jobs").status_code == 401


def _with_limits(bank, limits):
    return type(bank)(
        schema=bank.schema, role=bank.role, name=bank.name, state=bank.state, modules=bank.modules,
        limits=limits, host=bank.host,
    )  # fmt: skip


def test_a_failing_view_gives_its_place_back(bank_a):
    def fail(request):
        raise ZeroDivisionError

    request = RequestFactory().get("/api/v1/jobs", HTTP_HOST=bank_a.host)
    with pytest.raises(ZeroDivisionError):
        ScopeMiddleware(fail)(request)
    assert admission.busy() == {}
    assert ScopeMiddleware(lambda r: HttpResponse("x"))(request).status_code == 200
