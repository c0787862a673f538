"""The rate of guesses is bounded, and nobody outside can use the bound against a person."""

import threading
from contextlib import suppress
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db import connections
from django.test import Client

from accounts import services
from accounts.engine.pacing import tries_within
from accounts.models import AttemptCounter, User
from accounts.origin import Origin
from accounts.services import attempts
from core.clock import now
from core.errors import InvalidInput
from core.tenancy import bank_scope
from tests.conftest import PASSWORD
from tests.sign_in import give_app, next_code


@pytest.fixture
def frozen():
    """A clock that stands still, so that a slow machine waits no delay off."""
    moment = now()
    with patch("accounts.services.attempts.now", side_effect=lambda: moment):
        yield


def stranger(number: int = 0) -> Origin:
    return Origin(address=f"203.0.{number % 250}.9", network=f"203.0.{number % 250}.0/24")


def known(email: str, mark: str = "mark") -> Origin:
    return Origin(
        address="198.51.100.7",
        network="198.51.100.0/24",
        marks={attempts.account_hash(email): mark},
    )


def guess(email: str, origin: Origin, password: str = "wrong") -> str:
    try:
        services.prove_password(email=email, password=password, origin=origin)
    except services.TooManyAttempts:
        return "wait"
    except InvalidInput:
        return "wrong"
    return "in"


def test_an_outsider_never_locks_the_person_out_of_their_own_device(bank, person, frozen):
    user = person(bank, "risk_analyst")
    answers = [guess(user.email, stranger(n)) for n in range(200)]
    assert answers.count("wrong") == attempts.ALL_STRANGERS.free
    assert answers.count("wait") == 180
    assert guess(user.email, stranger(201), PASSWORD) == "wait"
    assert guess(user.email, known(user.email), PASSWORD) == "in"
    for _ in range(30):
        guess(user.email, known(user.email, "stolen"))
    assert guess(user.email, known(user.email), PASSWORD) == "in"


def test_an_outsider_with_the_password_never_locks_the_code_of_the_own_device(bank, person, frozen):
    user = person(bank, "risk_analyst")
    device = give_app(user)
    wrong = 0
    for n in range(60):
        try:
            services.prove_code(user=user, code="000000", origin=stranger(n))
        except services.TooManyAttempts:
            continue
        except InvalidInput:
            wrong += 1
    assert wrong == attempts.ALL_STRANGERS_CODE.free
    with pytest.raises(services.TooManyAttempts):
        services.prove_code(user=user, code=next_code(device), origin=stranger(61))
    assert (
        services.prove_code(user=user, code=next_code(device), origin=known(user.email)) == "code"
    )


def test_an_unknown_account_waits_like_a_known_one(bank, person, frozen):
    user = person(bank, "risk_analyst")
    texts = []
    for email in (user.email, "nobody@alpha.test"):
        answers = [guess(email, stranger()) for _ in range(9)]
        texts.append(answers)
        AttemptCounter.objects.all().delete()
    assert texts[0] == texts[1] == ["wrong"] * 5 + ["wait"] * 4


def test_waiting_helps_and_success_forgives(bank, person):
    user = person(bank, "risk_analyst")
    origin = known(user.email)
    begun = now()
    with patch("accounts.services.attempts.now", return_value=begun):
        assert [guess(user.email, origin) for _ in range(6)] == ["wrong"] * 5 + ["wait"]
    with patch("accounts.services.attempts.now", return_value=begun + timedelta(seconds=2.1)):
        assert guess(user.email, origin, PASSWORD) == "in"
        assert [guess(user.email, origin) for _ in range(6)] == ["wrong"] * 5 + ["wait"]


def test_guessing_through_a_day_stays_below_the_stated_bound(bank, person):
    user = person(bank, "risk_analyst")
    clock, tried = now(), 0
    begun = clock
    with patch("accounts.services.attempts.now", side_effect=lambda: clock):
        while (clock - begun).total_seconds() < 6 * 3600:
            try:
                attempts.count_attempt(kind="password", email=user.email, origin=stranger(tried))
                tried += 1
            except services.TooManyAttempts as refusal:
                clock += timedelta(seconds=refusal.retry_after or 1)
    assert tried <= tries_within(attempts.ALL_STRANGERS, 6 * 3600)
    assert tried > 60


def test_spraying_many_accounts_from_one_network_is_bounded(bank, frozen):
    answers = [guess(f"person{n}@alpha.test", stranger()) for n in range(80)]
    assert answers.count("wrong") == attempts.WHOLE_NETWORK.free


def test_many_threads_at_once_get_no_more_tries(bank_a, scratch_database, frozen):
    """Each thread has its own connection, and commits; the counter's row lock orders them."""
    refused, wrong = [], []
    ready = threading.Barrier(8)

    def hammer() -> None:
        with bank_scope(bank_a):
            ready.wait()
            for _ in range(4):
                answer = guess("ada@alpha.test", stranger())
                (refused if answer == "wait" else wrong).append(answer)
        connections["default"].close()

    threads = [threading.Thread(target=hammer) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(wrong), len(refused)) == (attempts.ONE_NETWORK.free, 27)


def test_one_code_logs_in_once_however_many_show_it_at_once(bank_a, scratch_database):
    with bank_scope(bank_a):
        user = User.objects.create(email="one@alpha.test", name="One", roles=["compliance"])
        code = next_code(give_app(user))
    taken, ready = [], threading.Barrier(4)

    def show(number: int) -> None:
        with bank_scope(bank_a):
            ready.wait()
            with suppress(InvalidInput):
                taken.append(services.prove_code(user=user, code=code, origin=stranger(number)))
        connections["default"].close()

    threads = [threading.Thread(target=show, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken == ["code"]


def test_the_page_says_how_long_and_the_device_stays_known(bank_a, person, frozen):
    user = person(bank_a, "bank_admin")
    with bank_scope(bank_a):
        device = give_app(user)
    own = Client(HTTP_HOST=bank_a.host)
    form = {"username": user.email, "password": PASSWORD}
    own.post("/admin/login/", form)
    with bank_scope(bank_a):
        code = next_code(device)
    own.post("/admin/second-step/", {"code": code})
    assert "panorama_device" in own.cookies
    own.post("/admin/logout/")
    outsider = Client(HTTP_HOST=bank_a.host)
    statuses = [
        outsider.post("/admin/login/", {**form, "password": "guess"}).status_code for _ in range(7)
    ]
    assert statuses == [200] * 5 + [429] * 2
    text = outsider.post("/admin/login/", form).content.decode()
    assert "Too many attempts. Try again in" in text
    # The same address, the same account, but the person's own device.
    assert own.post("/admin/login/", form)["Location"] == "/admin/second-step/"
