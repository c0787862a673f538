"""A URL taken apart, strictly: what is checked is what is connected to and what is sent."""

import re
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from urllib.parse import SplitResult, urljoin, urlsplit

from core.outgoing.errors import OutgoingRefused
from core.outgoing.policy import Policy

_LENGTH = 2_000
_PLAIN = re.compile(r"^[\x21-\x7e]+$")
_LABEL = re.compile(r"^(?!-)[a-z0-9_-]{1,63}(?<!-)$")
# 127.1, 0x7f.1, 2130706433 and 0177.0.0.1: the resolver takes them for IPv4 addresses.
_NUMERIC = re.compile(r"^(0x[0-9a-f]*|[0-9]+)$")


@dataclass(frozen=True, slots=True)
class Target:
    """`host` is a lower-case name or a literal address without brackets; `path` begins with a slash."""

    scheme: str
    host: str
    port: int
    path: str
    is_local: bool = False

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """For the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = {"https": 443, "http": 80}[self.scheme]
        return host if self.port == usual else f"{host}:{self.port}"


def parse_target(url: str, policy: Policy) -> Target:
    """The target of `url`. Raises `OutgoingRefused` for anything but a plain https URL to a port allowed."""
    if len(url) > _LENGTH or not _PLAIN.match(url) or "\\" in url:
        raise OutgoingRefused("The address holds characters that no URL may hold, or is too long.")
    parts, port = _split(url)
    if parts.scheme not in ("https", "http"):
        raise OutgoingRefused("Only https addresses are called.")
    if "@" in parts.netloc:
        raise OutgoingRefused("The address may not hold a user name or a password.")
    host = _host(parts)
    port = port if port is not None else {"https": 443, "http": 80}[parts.scheme]
    local = policy.is_local(host, port)
    if not local and parts.scheme != "https":
        raise OutgoingRefused("Only https addresses are called.")
    if not local and port not in policy.ports:
        raise OutgoingRefused(f"Port {port} is not among those that may be called.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port, path, local)


def redirected(target: Target, location: str, policy: Policy) -> Target:
    """Where a redirect leads, checked like any other address; from https never to http."""
    host = f"[{target.host}]" if ":" in target.host else target.host
    base = f"{target.scheme}://{host}:{target.port}{target.path}"
    try:
        url = urljoin(base, location)
    except ValueError as error:
        raise OutgoingRefused("The redirect leads to no address.") from error
    following = parse_target(url, policy)
    if target.scheme == "https" and following.scheme != "https":
        raise OutgoingRefused("The redirect leads away from https.")
    return following


def _split(url: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(url)
        return parts, parts.port
    except ValueError as error:
        raise OutgoingRefused("This is not an address.") from error


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").lower()
    if "%" in host:
        raise OutgoingRefused("The host may hold neither a zone nor an escape.")
    if "[" in parts.netloc:
        if parts.netloc.startswith("[") and _is_ipv6(host):
            return host
        raise OutgoingRefused("The host is no address.")
    host = host[:-1] if host.endswith(".") else host
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.match(label) for label in labels):
        raise OutgoingRefused(
            "The host is not a name. Write international names in their xn-- form."
        )
    if _NUMERIC.match(labels[-1]):
        _check_ipv4(host)
    return host


def _is_ipv6(host: str) -> bool:
    try:
        return isinstance(ip_address(host), IPv6Address)
    except ValueError:
        return False


def _check_ipv4(host: str) -> None:
    """Four decimal numbers and nothing else: other spellings mean different hosts to different readers."""
    try:
        ip_address(host)
    except ValueError as error:
        raise OutgoingRefused("An IPv4 address is written as four decimal numbers.") from error
