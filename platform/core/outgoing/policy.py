"""Where calls may go in this place, and how long and large they may be."""

from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Policy:
    """`local_hosts` ("host:port") are called although they are private, and without TLS; empty in production."""

    ports: frozenset[int] = frozenset({443})
    local_hosts: frozenset[str] = frozenset()
    ca_file: str = ""

    def is_local(self, host: str, port: int) -> bool:
        return f"{host}:{port}" in self.local_hosts


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds for the whole call, redirects included; bytes of the answer's body; redirects followed."""

    seconds: float = 10.0
    body_bytes: int = 1024 * 1024
    redirects: int = 0


def configured_policy() -> Policy:
    """What the settings say."""
    return Policy(
        ports=frozenset(settings.OUTGOING_PORTS),
        local_hosts=frozenset(settings.OUTGOING_LOCAL_HOSTS),
        ca_file=settings.OUTGOING_CA_FILE,
    )
