"""The address a request came from, and whether it is on a list of networks."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from django.conf import settings
from django.http import HttpRequest

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
_HOPS = 20


def client_address(request: HttpRequest) -> Address | None:
    """Who called: the socket's other end, or, behind trusted proxies, whom the nearest of them names.

    `X-Forwarded-For` is read from its end, only as long as the address before it is in `TRUSTED_PROXIES`: what a
    caller writes into it is never believed. None when the socket has no address.
    """
    address = _parsed(request.META.get("REMOTE_ADDR", ""))
    trusted = networks(tuple(settings.TRUSTED_PROXIES))
    if not trusted:
        return address
    named = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")[-_HOPS:]
    for text in reversed(named):
        if address is None or not is_in(address, trusted) or not text.strip():
            break
        address = _parsed(text)
    return address


def is_in(address: Address | None, listed: Iterable[Network]) -> bool:
    """True when a network of the list holds the address; an unknown address is in none."""
    return address is not None and any(
        address in network for network in listed if network.version == address.version
    )


@lru_cache(maxsize=1024)
def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Networks as text, parsed. Raises ValueError on one with host bits or that is none."""
    return tuple(ip_network(text) for text in texts)


def _parsed(text: str) -> Address | None:
    """An address as proxies write it, also with a port; IPv4 mapped into IPv6 is IPv4."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
