"""Network namespaces with one link each to a bridge: hosts of their own, on one machine. Needs root and `ip`."""

import subprocess
from dataclasses import dataclass, field


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


@dataclass(frozen=True)
class Host:
    """One namespace. `name` is its own and its link's; `address` is on the bridge's network."""

    name: str
    address: str

    def command(self) -> tuple[str, ...]:
        """Put before a command to run it there."""
        return ("ip", "netns", "exec", self.name)

    def cut(self) -> None:
        """Take its link down, as a pulled cable does: nobody is told."""
        _ip("link", "set", self.name, "down")

    def mend(self) -> None:
        _ip("link", "set", self.name, "up")


@dataclass
class Network:
    """A bridge at `10.<a>.<b>.1/24`, and hosts on it. Names begin with `prefix` (at most 10 letters)."""

    prefix: str
    subnet: str
    hosts: list[Host] = field(default_factory=list)

    def open(self) -> None:
        _ip("link", "add", self.prefix, "type", "bridge")
        _ip("addr", "add", f"{self.subnet}.1/24", "dev", self.prefix)
        _ip("link", "set", self.prefix, "up")

    def host(self, short: str) -> Host:
        host = Host(f"{self.prefix}-{short}", f"{self.subnet}.{len(self.hosts) + 2}")
        _ip("netns", "add", host.name)
        self.hosts.append(host)
        _ip("link", "add", host.name, "type", "veth", "peer", "name", "eth0", "netns", host.name)
        _ip("link", "set", host.name, "master", self.prefix)
        _ip("link", "set", host.name, "up")
        _ip("-n", host.name, "addr", "add", f"{host.address}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            _ip("-n", host.name, "link", "set", device, "up")
        return host

    def close(self) -> None:
        for host in self.hosts:
            subprocess.run(["ip", "netns", "del", host.name], check=False, capture_output=True)
        subprocess.run(["ip", "link", "del", self.prefix], check=False, capture_output=True)
