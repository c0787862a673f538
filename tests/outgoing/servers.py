"""Small servers that a call may meet: a trap that only counts, and one that answers as it is told."""

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Listener:
    """A listening socket; `seen` holds the requests' first bytes, `connections` counts them all."""

    port: int
    connections: int = 0
    seen: list[bytes] = field(default_factory=list)


Speak = Callable[[socket.socket], None]


@contextmanager
def listening(
    speak: Speak | None = None, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> Iterator[Listener]:
    """A server for the time of a test. Without `speak` it closes each connection at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as server:
        server.bind((host, 0))
        server.listen(64)
        server.settimeout(0.05)
        listener = Listener(server.getsockname()[1])
        done = threading.Event()

        def serve() -> None:
            while not done.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                listener.connections += 1
                connection.settimeout(5)
                try:
                    with tls.wrap_socket(connection, server_side=True) if tls else connection as c:
                        if speak is not None:
                            listener.seen.append(_request(c))
                            speak(c)
                except OSError:
                    continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listener
        finally:
            done.set()
            thread.join(10)


def answering(status: str, body: bytes = b"", **headers: str) -> Speak:
    """Speak a complete answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    message = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
    return lambda connection: connection.sendall(message)


def _request(connection: socket.socket) -> bytes:
    """A request with the body its Content-Length tells."""
    seen = b""
    while b"\r\n\r\n" not in seen and (piece := connection.recv(65536)):
        seen += piece
    head, _, body = seen.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    while length and len(body) < int(length[1]) and (piece := connection.recv(65536)):
        body += piece
    return head + b"\r\n\r\n" + body
