"""One effect for one key: many threads on it at once, and kill -9 at each point of the way.

Each trial: a process is killed at the point; what it left is both effect and answer, or neither; then many threads send
the same call together, and there is one effect and one answer, byte for byte, whatever happened before.
"""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections

from core.idempotency.models import StoredAnswer
from core.tenancy import bank_scope
from datasets.models import Dataset
from scoring import services
from scoring.models import Decision
from tests.idempotency.killing import COMMIT, MANAGEMENT, POINTS, Sender, killed_request, was_killed
from tests.scoring import portfolio
from tests.scoring.conftest import ANALYST, approve_all, load_portfolio, train_version

pytestmark = pytest.mark.commits
SHORT_THREADS, LONG_THREADS = 12, 50
LONG_TRIALS = 1_000
# Applications of a call that asks for many.
MANY_SIZE = 3


@pytest.fixture(autouse=True)
def room(settings) -> None:
    """All threads are let in together: a bank's few places at once would refuse what is to collide here."""
    settings.BANK_REQUESTS_AT_ONCE = LONG_THREADS


@pytest.fixture
def token(scratch_database, bank_a, api) -> str:
    return api(bank_a).defaults["HTTP_AUTHORIZATION"].partition(" ")[2]


@pytest.fixture
def deciding(scratch_database, bank_a, tmp_path, settings) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "storage")},
        },
    }
    with bank_scope(bank_a):
        model = services.create_model(code="a-card", name="Application score", actor=ANALYST)
        approve_all(train_version(model, load_portfolio()))


def together(send: Sender, count: int) -> list[tuple[int, bytes]]:
    """`count` threads send at once, each again while told 409; status and body of each last answer."""
    gate, out = threading.Barrier(count), [(0, b"")] * count

    def run(number: int) -> None:
        try:
            gate.wait(timeout=60)
            for _ in range(200):
                answer = send()
                out[number] = (answer.status_code, answer.content)
                if answer.status_code != 409:
                    return
        finally:
            connections["default"].close()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return out


class Route:
    """A route under trial: how to call it, and what its effect counts."""

    def __init__(self, bank, token: str, kind: str) -> None:
        self.bank, self.token, self.kind = bank, token, kind
        self.points = POINTS[kind]

    def call(self, number: int) -> Sender:
        if self.kind == "management":
            path, body = "/api/v1/datasets", {"name": f"trial-{number}", "title": "Trial"}
        elif self.kind == "one":
            # A new person each time: about one that is known, the first statement only tells and writes nothing.
            path = "/api/v1/scoring/decisions"
            body = self._application(f"T-{number}", f"C-{number}")
        else:
            path = "/api/v1/scoring/decisions:batch"
            several = [self._application(f"T-{number}-{n}", "C") for n in range(MANY_SIZE)]
            body = {"applications": several}
        return Sender(self.bank.host, self.token, path, body, f"trial-{number}")

    @staticmethod
    def _application(reference: str, customer: str) -> dict[str, Any]:
        return {"application": reference, "customer": customer, "inputs": portfolio.POOR}

    def effects(self, number: int) -> tuple[int, int]:
        """(effects, answers kept) of a trial."""
        with bank_scope(self.bank):
            if self.kind == "management":
                return (
                    Dataset.objects.filter(name=f"trial-{number}").count(),
                    StoredAnswer.objects.filter(key=f"trial-{number}").count(),
                )
            found = Decision.objects.filter(idempotency_key=f"trial-{number}").count()
            # The decisions are effect and answer in one; a part of a call would be a fraction of an effect.
            size = MANY_SIZE if self.kind == "many" else 1
            whole, rest = divmod(found, size)
            assert rest == 0, f"{found} decisions of {size}"
            return whole, whole


def trial(route: Route, name: str, number: int, threads: int) -> None:
    call = route.call(number)
    connections["default"].close()
    point = route.points[name]
    assert was_killed(killed_request(point, call)), name
    left = route.effects(number)
    assert left == ((1, 1) if point.durable else (0, 0)), name
    answers = together(call, threads)
    assert {status for status, _ in answers} == {201}, answers
    assert len({body for _, body in answers}) == 1
    assert route.effects(number) == (1, 1)


def numbered(names: list[str], count: int) -> Iterator[tuple[str, int]]:
    for number in range(count):
        yield names[number % len(names)], number


@pytest.mark.parametrize("name", MANAGEMENT)
def test_management_route(bank_a, token, name):
    trial(Route(bank_a, token, "management"), name, 1, SHORT_THREADS)


@pytest.mark.parametrize("kind", ["one", "many"])
def test_hot_path(bank_a, token, deciding, kind):
    route = Route(bank_a, token, kind)
    for number, name in enumerate(route.points):
        trial(route, name, number, SHORT_THREADS)


@pytest.mark.soak
@pytest.mark.parametrize("kind", POINTS)
def test_a_thousand_trials(bank_a, token, deciding, kind):
    route = Route(bank_a, token, kind)
    for name, number in numbered(list(route.points), LONG_TRIALS // 2):
        trial(route, name, number, LONG_THREADS)


def test_the_harness_kills_only_where_it_is_told(bank_a, token):
    call = Route(bank_a, token, "management").call(7)
    connections["default"].close()
    assert killed_request(None, call) == 0
    assert Route(bank_a, token, "management").effects(7) == (1, 1)
    for points in POINTS.values():
        assert {point.durable for point in points.values()} == {False, True}
    assert set(COMMIT) < set(POINTS["many"])
