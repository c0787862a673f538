"""Against the real server process: hostile bytes are refused, in 50 ms, and the workers' memory does not grow.

Times are the server's own, of its processor: what the machine does beside is not the server's.
"""

import socket
import threading
from collections.abc import Callable

import pytest

from tests.api_server.conftest import HOST, Server

pytestmark = pytest.mark.slow
LIMIT_SECONDS = 0.05
TRIES = 7
GROWTH_BYTES = 150 * 1024 * 1024
H = f"Host: {HOST}\r\n".encode()
POST = b"POST /api/v1/datasets HTTP/1.1\r\n" + H + b"Content-Type: application/json\r\n"
GET = b"GET /api/v1/jobs HTTP/1.1\r\n" + H
RAW = {
    "chunks without a length": (POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 411),
    "a length and chunks": (POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
    "two lengths": (POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}a", 400),
    "a negative length": (POST + b"Content-Length: -1\r\n\r\n", 400),
    "a compressed body": (POST + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", 415),
    "a terabyte announced": (POST + b"Content-Length: 1000000000000\r\n\r\n", 401),
    "200 headers": (GET + b"".join(b"X-%d: a\r\n" % n for n in range(200)) + b"\r\n", 431),
    "a header of 100 kB": (GET + b"X-A: " + b"a" * 100_000 + b"\r\n\r\n", 431),
    "a header of 2 MB": (GET + b"X-A: " + b"a" * 2_000_000 + b"\r\n\r\n", 431),
    "an address of 60 kB": (b"GET /api/v1/jobs?kind=" + b"a" * 60_000 + b" HTTP/1.1\r\n" + H + b"\r\n", 414),
    "an address of 100 kB": (b"GET /api/v1/jobs?kind=" + b"a" * 100_000 + b" HTTP/1.1\r\n" + H + b"\r\n", 414),
    "a walk upwards": (b"GET /api/v1/../../etc/passwd HTTP/1.1\r\n" + H + b"\r\n", 404),
    "a walk from the static files": (b"GET /static/../../../etc/passwd HTTP/1.1\r\n" + H + b"\r\n", 404),
    "a hidden walk": (b"GET /static/%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n" + H + b"\r\n", 404),
    "a broken escape": (b"GET /api/v1/jobs?kind=%zz HTTP/1.1\r\n" + H + b"\r\n", 400),
    "bytes that are no address": (b"GET /api/v1/\xff\xfe HTTP/1.1\r\n" + H + b"\r\n", 400),
    "no host": (b"GET /api/v1/jobs HTTP/1.1\r\n\r\n", 400),
    "no HTTP": (b"\x00\x01\x02\r\n\r\n", 400),
}  # fmt: skip
SIZE = 1_000_000
BODIES = {
    "1,000 deep": b"[" * 1_000 + b"]" * 1_000,
    "a million deep": b"[" * SIZE,
    "objects in objects": b'{"a":' * 1_000 + b"1" + b"}" * 1_000,
    "NaN": b'{"name": NaN}',
    "1e400": b'{"name": 1e400}',
    "a million digits": b'{"name": ' + b"9" * SIZE + b"}",
    "a repeated key": b'{"name": "aa", "name": "bb"}',
    "100,000 keys": b"{" + b",".join(b'"k%d":1' % n for n in range(80_000)) + b"}",
    "a NUL": b'{"name": "a\\u0000b"}',
    "a lone surrogate": b'{"name": "\\ud800"}',
    "a long text of four-byte characters": b'{"name": "' + "😀".encode() * 200_000 + b'"}',
    "not UTF-8": b'{"name": "\xff"}',
    "a megabyte of empty lists": b"[" + b"[]," * 300_000 + b"[]]",
    "too large": b'{"name": "' + b"x" * 8_000_000 + b'"}',
}
ROUTES = ("/api/v1/datasets", "/api/v1/scoring/models", "/api/v1/scoring/decisions")


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def answers(server: Server, send: Callable[[], tuple[float, bytes]]) -> tuple[list[bytes], float]:
    """Several answers, and what one took the server on average, in seconds of its processor."""
    before = server.cpu()
    found = [send()[1] for _ in range(TRIES)]
    return found, (server.cpu() - before) / TRIES


@pytest.mark.parametrize("name", RAW)
def test_bytes_that_are_no_request(server: Server, name):
    data, status = RAW[name]
    found, took = answers(server, lambda: server.send(data))
    assert {status_of(answer) for answer in found} == {status}, found[0][:200]
    assert took < LIMIT_SECONDS


@pytest.mark.parametrize("name", BODIES)
def test_bodies_that_are_no_entry(server: Server, name):
    for path in ROUTES:
        found, took = answers(server, lambda p=path: server.post(p, BODIES[name]))
        # 0: refused and closed while we were still sending.
        assert {status_of(answer) for answer in found} <= {400, 413, 0}, found[0][:300]
        assert any(status_of(answer) for answer in found)
        assert took < LIMIT_SECONDS, path


def test_memory_does_not_grow(server: Server):
    """Everything at once from eight threads, three times over."""
    for body in BODIES.values():
        server.post(ROUTES[0], body)
    before, most = server.rss(), [0]

    def run() -> None:
        for path in ROUTES:
            for body in BODIES.values():
                server.post(path, body)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        most[0] = max(most[0], server.rss())
        threads[0].join(timeout=0.05)
    assert most[0] - before <= GROWTH_BYTES, (most[0] - before) // 2**20
    assert status_of(server.send(GET + b"\r\n")[1]) == 401


def test_many_that_never_finish_their_headers_hold_nobody(server: Server):
    links = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(60)]
    try:
        for link in links:
            link.sendall(b"GET /api/v1/jobs HTTP/1.1\r\n" + H)
        assert min(server.send(GET + b"\r\n")[0] for _ in range(5)) < 5.0
    finally:
        for link in links:
            link.close()
