"""Alive, ready, degraded, unavailable."""

import socket

import pytest
from django.db import OperationalError, connection
from django.test import Client

from core.telemetry import health
from core.telemetry.health import Check, Readiness, listens


def test_alive_and_ready_need_no_bank(db):
    for host in ("alpha.localhost", "ops.localhost", "10.0.0.7", "no-such-bank.example"):
        client = Client(HTTP_HOST=host)
        assert client.get("/healthz").content == b"ok"
        answer = client.get("/readyz")
        assert answer.status_code == 200
        assert answer.json()["checks"]["database"] == "ok"


@pytest.mark.parametrize(
    ("database", "cache", "status", "code"),
    [
        (True, True, "ready", 200),
        (True, False, "degraded", 200),
        (False, True, "unavailable", 503),
        (False, False, "unavailable", 503),
    ],
)
def test_what_is_missing_is_named(monkeypatch, database, cache, status, code):
    checks = (
        Check("database", lambda: database, needed=True),
        Check("cache", lambda: cache, needed=False),
    )
    monkeypatch.setattr(health, "readiness", Readiness(checks))
    answer = Client().get("/readyz")
    assert answer.status_code == code
    assert answer.json() == {
        "status": status,
        "checks": {"database": "ok" if database else "down", "cache": "ok" if cache else "down"},
    }


def test_answers_are_kept_a_second():
    asked: list[int] = []
    kept = Readiness((Check("x", lambda: asked.append(1) is None, needed=True),))
    assert [kept.answers(), kept.answers()] == [{"x": True}] * 2
    assert len(asked) == 1


def test_a_port_and_a_socket_file_are_tried(tmp_path):
    path = tmp_path / "s"
    with socket.socket() as tcp, socket.socket(socket.AF_UNIX) as unix:
        tcp.bind(("127.0.0.1", 0))
        tcp.listen()
        unix.bind(str(path))
        unix.listen()
        port = tcp.getsockname()[1]
        assert listens(f"redis://127.0.0.1:{port}/0")
        assert listens(f"amqp://127.0.0.1:{port}//")
        assert listens(f"redis+socket://{path}?virtual_host=0")
        assert listens(f"unix://{path}?db=1")
    assert not listens(f"redis://127.0.0.1:{port}/0")
    assert not listens(f"unix://{path}?db=1")


def test_a_database_that_is_gone_is_seen(db, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise OperationalError("gone")

    assert health.database_answers()
    monkeypatch.setattr(connection, "cursor", refuse)
    assert not health.database_answers()
