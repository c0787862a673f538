"""A RabbitMQ node of a test's own: private ports, folder, cookie and name server; nothing of it outlives the test.

Debian's package brings the binaries (`scripts/ensure_rabbitmq`); its service is neither started nor touched.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

START_SECONDS = 60.0


def find_sbin() -> Path | None:
    """The folder of RabbitMQ's own scripts; Debian's wrappers in /usr/sbin change the user."""
    found = sorted(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin"))
    return found[-1] if found else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class RabbitNode:
    """One broker; `kill` and `start` again keep its queues, as a crash does."""

    folder: Path
    port: int = field(default_factory=_free_port)
    _ports: tuple[int, int] = field(default_factory=lambda: (_free_port(), _free_port()))
    _processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def start(self) -> None:
        """Start and wait for the port. Raises RuntimeError with the log when it does not come up."""
        self.folder.mkdir(parents=True, exist_ok=True)
        sbin = find_sbin()
        if sbin is None:
            raise RuntimeError("RabbitMQ is not installed: sh scripts/ensure_rabbitmq")
        if not self._processes:
            self._spawn([shutil.which("epmd") or "epmd", "-port", str(self._ports[0])])
        self._spawn([str(sbin / "rabbitmq-server")])
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._processes[-1].poll() is not None or time.monotonic() > deadline:
                log = (self.folder / "node.log").read_text(errors="replace")
                self.stop()
                raise RuntimeError(f"RabbitMQ did not come up:\n{log[-3000:]}")
            time.sleep(0.2)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole node: SIGKILL is a crash, SIGSTOP a hang."""
        os.killpg(self._processes[-1].pid, number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self._processes.pop().wait()

    def stop(self) -> None:
        """End everything of it."""
        for process in reversed(self._processes):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGCONT)
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._processes.clear()

    def queues(self) -> dict[str, str]:
        """Name to type of the queues there are."""
        sbin = find_sbin()
        said = subprocess.run(
            [str(sbin / "rabbitmqctl"), "-q", "list_queues", "name", "type", "--no-table-headers"],
            env=self._environment(), capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        return dict(line.split("\t") for line in said.splitlines() if "\t" in line)

    def _spawn(self, argv: list[str]) -> None:
        with (self.folder / "node.log").open("ab") as log:
            self._processes.append(
                subprocess.Popen(
                    argv, env=self._environment(), cwd=self.folder, stdin=subprocess.DEVNULL,
                    stdout=log, stderr=log, start_new_session=True,
                )
            )  # fmt: skip

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as found:
                found.sendall(b"AMQP\x00\x00\x09\x01")
                found.settimeout(2)
                return found.recv(1) == b"\x01"
        except OSError:
            return False

    def _environment(self) -> dict[str, str]:
        epmd, distribution = self._ports
        config = self.folder / "rabbitmq.conf"
        config.write_text(f"listeners.tcp.1 = 127.0.0.1:{self.port}\nlog.console = true\n")
        (self.folder / "enabled_plugins").write_text("[].\n")
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "ERL_EPMD_PORT": str(epmd),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": "panorama@localhost",
            "RABBITMQ_DIST_PORT": str(distribution),
            "RABBITMQ_CONFIG_FILE": str(config),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "rabbitmq-env.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
        }
