"""The web server as it runs in production, in a process of its own, on a private copy of the test database."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import connections
from django.test import Client

from accounts import policies
from accounts.services import create_client
from config.processes import PROCESSES
from core.actors import system_actor
from core.tenancy import bank_directory, bank_scope, public_scope
from tests.conftest import _point_to
from tests.databases import ROOT, copy_template, drop, with_name
from tests.stack import free_port

HOST = "alpha.localhost"


@dataclass(frozen=True)
class Server:
    """A running granian; `rss` is the memory of its workers."""

    port: int
    pid: int
    token: str

    def post(self, path: str, body: bytes, *headers: str) -> tuple[float, bytes]:
        """The same, of a JSON body with a token."""
        lines = [
            f"POST {path} HTTP/1.1", f"Host: {HOST}", f"Authorization: Bearer {self.token}",
            "Content-Type: application/json", f"Content-Length: {len(body)}", "Idempotency-Key: h", *headers,
        ]  # fmt: skip
        return self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def send(self, data: bytes, *, seconds: float = 60.0) -> tuple[float, bytes]:
        """(seconds until the first bytes of the answer, those bytes); b"" when the server closed instead."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as link:
            begun = time.perf_counter()
            # It may be refused and closed while we still send: what was answered stands in the buffer.
            with contextlib.suppress(OSError):
                link.sendall(data)
            try:
                answer = link.recv(65_536)
            except ConnectionError:
                answer = b""
            return time.perf_counter() - begun, answer

    def cpu(self) -> float:
        """Processor seconds of the server's processes so far."""
        ticks = 0
        for pid in _family(self.pid):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def rss(self) -> int:
        """Bytes resident in the server's processes."""
        total = 0
        for pid in _family(self.pid):
            try:
                text = Path(f"/proc/{pid}/status").read_text()
            except FileNotFoundError:
                continue
            line = next((x for x in text.splitlines() if x.startswith("VmRSS:")), "VmRSS: 0 kB")
            total += int(line.split()[1]) * 1024
        return total


@pytest.fixture(scope="module")
def server(django_db_setup, django_db_blocker, worker_id, tmp_path_factory) -> Iterator[Server]:
    with django_db_blocker.unblock():
        before = str(connections["default"].settings_dict["NAME"])
        connections["default"].close()
        name = copy_template(f"{worker_id}_server")
        _point_to(name)
        token = _token()
        connections["default"].close()
        _point_to(before)
    port = free_port()
    folder = tmp_path_factory.mktemp("server")
    web = next(p for p in PROCESSES if p.name == "web")
    argv = [part.format(python=sys.executable, port=port) for part in web.argv]
    environment = {
        **os.environ,
        **web.env,
        "DATABASE_URL": with_name(os.environ["DATABASE_URL"], name),
        "DJANGO_SETTINGS_MODULE": "config.settings.local",
        "PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}",
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(argv, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        _wait(port, folder / "log")
        running = Server(port, process.pid, token)
        for _ in range(40):
            # A worker's first requests connect, load routes and compile patterns.
            running.post("/api/v1/datasets", b"{}")
            running.post("/api/v1/scoring/decisions", b"{}")
        yield running
    finally:
        process.terminate()
        process.wait(timeout=60)
        with django_db_blocker.unblock():
            drop(name)


def _token() -> str:
    """Of a client with every scope, at Alpha."""
    with public_scope():
        bank = bank_directory().by_schema("bank_alpha")
    with bank_scope(bank):
        client, secret = create_client(
            name="hostile", scopes=list(policies.scopes()), actor=system_actor("test")
        )
    form = {
        "grant_type": "client_credentials",
        "client_id": client.client_id,
        "client_secret": secret,
    }
    return str(Client(HTTP_HOST=HOST).post("/api/v1/oauth/token", form).json()["access_token"])


def _family(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += _family(int(child))
    return found


def _wait(port: int, log: Path) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=30) as link:
                link.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                if b"200" in link.recv(100):
                    return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"The server did not answer:\n{log.read_text(errors='replace')}")
