"""The one way a call leaves this process.

    answer = call("GET", "https://idp.bank.example/.well-known/openid-configuration")
    answer.status, answer.headers["content-type"], answer.body

The host is resolved once; every address of it must be public, and the connection goes to one of those that were
checked, so that a second DNS answer cannot lead inside. Redirects are followed only when asked for, each checked
anew. Proxies and settings of the environment are not looked at.
"""

import logging
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import httpcore

from core.outgoing.addresses import Address, is_public, parse_address
from core.outgoing.errors import OutgoingFailed, OutgoingRefused
from core.outgoing.network import Deadline, PinnedBackend
from core.outgoing.policy import Limits, Policy, configured_policy
from core.outgoing.target import Target, parse_target, redirected

log = logging.getLogger(__name__)
Resolve = Callable[[str, int], list[Address]]
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SECRET_HEADERS = frozenset({"authorization", "cookie"})
_ADDRESSES_TRIED = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; header names in lower case, the last of repeated ones."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def system_resolver(host: str, port: int) -> list[Address]:
    """Addresses of a host as this machine resolves it. Raises `OutgoingFailed` when it has none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise OutgoingFailed(f"The host {host} is not known.") from error
    return list(dict.fromkeys(parse_address(str(entry[4][0])) for entry in found))


def checked_addresses(target: Target, resolve: Resolve) -> list[Address]:
    """Addresses to connect to. Raises `OutgoingRefused` when a single one of them is not public."""
    found = resolve(target.host, target.port)
    if not target.is_local and not all(is_public(address) for address in found):
        log.warning("refused an outgoing call to an address that is not public")
        raise OutgoingRefused("The host's address is not a public one.")
    return found[:_ADDRESSES_TRIED]


def check_url(url: str, *, policy: Policy | None = None) -> None:
    """For forms: refuse what `call` would refuse by the URL alone; nothing is resolved or sent."""
    target = parse_target(url, policy or configured_policy())
    if not target.is_local and (address := _literal(target.host)) and not is_public(address):
        raise OutgoingRefused("The host's address is not a public one.")


def call(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    limits: Limits | None = None,
    policy: Policy | None = None,
    resolve: Resolve = system_resolver,
) -> Answer:
    """One guarded call. Raises `OutgoingRefused` with nothing sent there, `OutgoingFailed` when it comes to nothing."""
    limits, policy = limits or Limits(), policy or configured_policy()
    way = _Way(policy, resolve, Deadline(limits.seconds), limits.body_bytes)
    target, sent = parse_target(url, policy), dict(headers or {})
    for _ in range(limits.redirects + 1):
        answer = _once(method, target, headers=sent, body=body, way=way)
        location = answer.headers.get("location", "")
        if answer.status not in _REDIRECTS or not location or not limits.redirects:
            return answer
        if method not in ("GET", "HEAD"):
            raise OutgoingFailed("The other side redirects a request that changes something.")
        following = redirected(target, location, policy)
        if following.origin != target.origin:
            sent = {k: v for k, v in sent.items() if k.lower() not in _SECRET_HEADERS}
        target = following
    raise OutgoingFailed("The other side redirects too often.")


@dataclass(frozen=True, slots=True)
class _Way:
    """What all requests of one call share."""

    policy: Policy
    resolve: Resolve
    deadline: Deadline
    body_bytes: int


def _once(
    method: str, target: Target, *, headers: Mapping[str, str], body: bytes, way: _Way
) -> Answer:
    backend = PinnedBackend(checked_addresses(target, way.resolve), way.deadline)
    url = httpcore.URL(
        scheme=target.scheme.encode(),
        host=target.host.encode(),
        port=target.port,
        target=target.path.encode(),
    )
    own = {"Host": target.authority, "Accept-Encoding": "identity", "User-Agent": "panorama"}
    if body:
        own["Content-Length"] = str(len(body))
    sent = [(name.encode(), value.encode()) for name, value in {**own, **headers}.items()]
    try:
        with (
            httpcore.ConnectionPool(
                ssl_context=_tls(way.policy.ca_file), network_backend=backend, max_connections=1
            ) as pool,
            pool.stream(method, url, headers=sent, content=body) as response,
        ):
            return _read(response, way.body_bytes)
    except (httpcore.TimeoutException, TimeoutError) as error:
        raise OutgoingFailed("The other side took too long.", code="other_side_slow") from error
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
        raise OutgoingFailed(_reason(error)) from error


def _read(response: httpcore.Response, limit: int) -> Answer:
    headers = {name.decode("latin-1").lower(): v.decode("latin-1") for name, v in response.headers}
    body = bytearray()
    for piece in response.iter_stream():
        body += piece
        if len(body) > limit:
            raise OutgoingFailed(
                f"The other side answered more than {limit} bytes.", code="other_side_too_large"
            )
    return Answer(response.status, headers, bytes(body))


def _reason(error: Exception) -> str:
    """For a person: a certificate that is not trusted is worth telling apart."""
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text or "certificate verify failed" in text:
        return "The other side's certificate is not trusted."
    return "The other side could not be reached or broke off."


@lru_cache(maxsize=4)
def _tls(ca_file: str) -> ssl.SSLContext:
    """TLS 1.2 or newer, certificate and name verified; `ca_file` adds a bank's or company's own authority."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file:
        context.load_verify_locations(cafile=ca_file)
    return context


def _literal(host: str) -> Address | None:
    try:
        return parse_address(host)
    except ValueError:
        return None
