"""A load of decisions from several callers, each answer kept: what a fault did to the people who called."""

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.stack import Stack
from tests.stack_portfolio import Bench

# As many as one bank may have in hand in one web process, so that none is turned away for that.
CALLERS = 3
INPUTS = {"income": 0.4, "debt": -0.2, "age": 0.1, "months": 0.3, "noise": 0.0}


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` is 0 when the connection gave none. `at` is `time.monotonic()` at the answer."""

    application: str
    status: int
    body: dict[str, Any]
    content_type: str
    at: float
    seconds: float


class Callers:
    """Threads that decide one application after another until told to stop."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._stop = threading.Event()
        self.began = datetime.now(UTC)
        self._bearer = bench.api().token()
        self.answers: list[Answer] = []

    @contextmanager
    def calling(self, prefix: str) -> Iterator["Callers"]:
        threads = [
            threading.Thread(target=self._call, args=(f"{prefix}-{n}",)) for n in range(CALLERS)
        ]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def _call(self, name: str) -> None:
        number = 0
        while not self._stop.is_set():
            number += 1
            answer = self.decide(f"{name}-{number}")
            self.answers.append(answer)
            if answer.status != 201:
                time.sleep(0.05)

    def decide(self, application: str) -> Answer:
        """One decision; its idempotency key is the application's name, so it may be asked again."""
        began = time.monotonic()
        status, content_type, body = 0, "", b"{}"
        connection = http.client.HTTPConnection("127.0.0.1", self._bench.bank.port, timeout=30)
        try:
            connection.request(
                "POST", "/api/v1/scoring/decisions",
                json.dumps({"application": application, "inputs": INPUTS, "model": "synthetic"}),
                {"Host": self._bench.bank.host, "Authorization": f"Bearer {self._bearer}",
                 "Content-Type": "application/json", "Idempotency-Key": application},
            )  # fmt: skip
            found = connection.getresponse()
            status, content_type, body = found.status, found.headers["Content-Type"], found.read()
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        at = time.monotonic()
        return Answer(application, status, json.loads(body), content_type, at, at - began)

    def statuses(self) -> Counter[int]:
        return Counter(answer.status for answer in self.answers)

    def served_again_after(self, moment: float) -> float:
        """Seconds from `moment` to the first decision made after it. Raises LookupError when none was."""
        later = [a.at for a in self.answers if a.status == 201 and a.at - a.seconds >= moment]
        if not later:
            raise LookupError("No decision was made afterwards.")
        return min(later) - moment


def decisions_since(stack: Stack, slug: str, since: datetime) -> tuple[set[str], int]:
    """Ids of the decisions the database holds since then, and how many the application with most of them has."""
    said = stack.python("-m", "tests.faults.decided", slug, since.isoformat())
    found = json.loads(said.splitlines()[-1])
    return set(found["ids"]), found["most_for_one"]
