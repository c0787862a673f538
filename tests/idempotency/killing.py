"""A request in a process of its own that is killed with SIGKILL at a chosen point of its way.

The process is a fork of the test's: it opens its own connection, answers one request through the whole WSGI stack, and
at the point it is not told to stop, it is stopped. What the database holds then is what a crash leaves.
"""

import json
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client

from core.idempotency import once
from core.postgres import direct
from scoring.services import deciding, deciding_many, deciding_one
from scoring.services.in_force import forget_in_force


@dataclass(frozen=True, slots=True)
class Point:
    """Before or after a step: the object that has it, and its name there; `durable`: its effect is committed then."""

    where: Any
    step: str
    after: bool
    durable: bool

    def arm(self) -> None:
        """From now on this process dies there."""
        real = getattr(self.where, self.step)

        def dying(*args: Any, **kwargs: Any) -> Any:
            if not self.after:
                _die()
            found = real(*args, **kwargs)
            _die()
            return found

        setattr(self.where, self.step, dying)


# Whether the effect is committed (before, after) a step.
_NOT_YET, _BY_IT, _ALREADY = (False, False), (False, True), (True, True)


def _points(where: Any, *steps: str, durable: tuple[bool, bool] = _NOT_YET) -> dict[str, Point]:
    return {
        f"{'after' if after else 'before'} {step.strip('_')}": Point(
            where, step, after, durable[after]
        )
        for step in steps
        for after in (False, True)
    }


COMMIT = _points(BaseDatabaseWrapper, "_commit", durable=_BY_IT)
MANAGEMENT = {**_points(once, "_hold", "_kept", "sealed", "_keep"), **COMMIT}
# One decision is written and committed by one statement, outside any transaction of ours.
ONE = {
    **_points(deciding_one, "look", "_draft"),
    **_points(deciding_one, "write_decision", durable=_BY_IT),
    **_points(direct, "_executed", durable=_BY_IT),
    **_points(deciding_one, "fresh_view", durable=_ALREADY),
}
MANY = {
    **_points(deciding, "look", "decide_many"),
    **_points(deciding_many, "find_or_add", "insert"),
    **COMMIT,
}
POINTS = {"management": MANAGEMENT, "one": ONE, "many": MANY}


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killed_request(point: Point | None, send: Callable[[], Any]) -> int:
    """Run `send` in a fork that dies at `point`; its wait status. Forks only with no other thread alive."""
    child = os.fork()
    if child == 0:
        try:
            # The parent's connection is not ours to talk on, nor to say good-bye on.
            connections["default"].connection = None
            connections["default"].in_atomic_block = False
            # A process that has just started knows nothing: it has to look what is in force.
            forget_in_force()
            if point is not None:
                point.arm()
            send()
        finally:
            os._exit(0)
    return os.waitpid(child, 0)[1]


def was_killed(status: int) -> bool:
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


@dataclass(frozen=True)
class Sender:
    """One call: the same bytes under the same key, whoever sends it."""

    host: str
    token: str
    path: str
    body: dict[str, Any]
    key: str

    def __call__(self) -> Any:
        client = Client(HTTP_HOST=self.host, HTTP_AUTHORIZATION=f"Bearer {self.token}")
        return client.post(
            self.path,
            json.dumps(self.body).encode(),
            content_type="application/json",
            headers={"Idempotency-Key": self.key},
        )
