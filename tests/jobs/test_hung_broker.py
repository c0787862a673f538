"""A broker that is down or hangs costs the request that meets it a bounded wait, and the next ones nothing."""

import socket
import time
from collections.abc import Iterator

import pytest
from celery import Celery

from config import broker
from core import queue
from core.actors import system_actor
from core.tenancy import bank_scope
from jobs import registry, services
from jobs.choices import Queue
from jobs.places import place_of

SCHEMES = ["redis://127.0.0.1:{}/0", "amqp://guest:guest@127.0.0.1:{}//"]
LONGEST_SECONDS = 6.0


@pytest.fixture
def hung_port() -> Iterator[int]:
    """A port that takes connections and never answers, as a stopped broker's does."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield int(listener.getsockname()[1])


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def speak_to(monkeypatch, settings):
    """Point this process' sender to another broker, spoken to as the settings would."""
    monkeypatch.setattr(queue, "_rests_until", 0.0)

    def point(url: str) -> None:
        app = Celery("tests", set_as_current=False)
        app.conf.update(
            broker_url=url,
            broker_connection_timeout=settings.CELERY_BROKER_CONNECTION_TIMEOUT,
            broker_transport_options=broker.transport_options(url),
            task_queues=broker.queues(url, ["batch"]),
        )
        settings.BROKER_PUBLISH_OPTIONS = broker.publish_options(url)
        monkeypatch.setattr(queue, "current_app", app)

    return point


@pytest.mark.parametrize("url", SCHEMES)
@pytest.mark.parametrize("state", ["hung_port", "closed_port"])
def test_start_of_a_job_does_not_hang(url, state, request, speak_to, bank_a, monkeypatch,
                                      django_capture_on_commit_callbacks):  # fmt: skip
    speak_to(url.format(request.getfixturevalue(state)))
    kind = registry.JobKind("tests.hung", Queue.BATCH, lambda job: {})
    monkeypatch.setitem(registry._kinds, kind.kind, kind)
    actor = system_actor("test")
    taken = []
    for _ in range(3):
        began = time.monotonic()
        with bank_scope(bank_a), django_capture_on_commit_callbacks(execute=True):
            job = services.start_job(kind=kind.kind, params={}, actor=actor)
        taken.append(time.monotonic() - began)
    assert taken[0] < LONGEST_SECONDS
    # The broker rests after a failure: later requests do not try it at all.
    assert max(taken[1:]) < 1.0, taken
    with bank_scope(bank_a):
        assert place_of(str(job.id)).state == "waiting"
    monkeypatch.setattr(queue, "_rests_until", 0.0)
    monkeypatch.setattr("jobs.services.dispatching.send_now", lambda *a, **k: True)
    assert services.dispatch("batch") == 1


def test_settings_speak_of_quorum_queues_to_rabbitmq_only():
    (quorum,) = broker.queues("amqp://host//", ["batch"])
    assert quorum.queue_arguments == {"x-queue-type": "quorum", "x-delivery-limit": 20}
    assert broker.queues("redis://host/0", ["batch"])[0].queue_arguments is None
    assert broker.transport_options("amqp://host//")["confirm_publish"] is True
    assert broker.publish_options("redis://host/0") == {}
