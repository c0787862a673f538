"""Bearer tokens of API clients: who calls, with which scopes, in this bank and no other."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from oauth2_provider.models import get_access_token_model
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts import policies
from accounts.models import ApiClient
from core.actors import Actor
from core.client_address import Address, Network, client_address, is_in
from core.client_address import networks as parsed_networks
from core.clock import now
from core.errors import Forbidden, NotAuthenticated, ProblemError


@dataclass(frozen=True, slots=True)
class ClientPrincipal:
    """What DRF calls the user: an API client."""

    actor: Actor
    is_authenticated: bool = True
    is_active: bool = True
    pk: str = ""


@dataclass(frozen=True, slots=True)
class ClientFacts:
    """What decides whether a client may act: read from PostgreSQL, kept by the hot path for some seconds."""

    client_id: str
    label: str
    is_active: bool
    expires_at: datetime | None
    networks: tuple[Network, ...]


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """The same of a token."""

    client: ClientFacts
    scopes: frozenset[str]
    expires_at: datetime


def client_facts(client: ApiClient) -> ClientFacts:
    return ClientFacts(
        client_id=client.client_id,
        label=client.name,
        is_active=client.is_active,
        expires_at=client.expires_at,
        networks=parsed_networks(tuple(client.networks)),
    )


def client_refusal(
    facts: ClientFacts, *, address: Address | None, moment: datetime
) -> ProblemError | None:
    """Why a client may not act from this address now; None when it may."""
    if not facts.is_active:
        return NotAuthenticated("The client is revoked.", code="invalid_token")
    if facts.expires_at is not None and facts.expires_at <= moment:
        return NotAuthenticated("The client has expired.", code="invalid_token")
    if facts.networks and not is_in(address, facts.networks):
        return Forbidden(
            f"The client may not call from {address or 'an unknown address'}.",
            code="address_not_allowed",
        )
    return None


def check(
    facts: TokenFacts, *, address: Address | None, moment: datetime, request_id: str = ""
) -> Actor:
    """The client a token belongs to. The one rule, for every door. Raises `NotAuthenticated`, `Forbidden`."""
    if facts.expires_at <= moment:
        raise _unknown_token()
    refused = client_refusal(facts.client, address=address, moment=moment)
    if refused is not None:
        raise refused
    return Actor(
        kind="client",
        id=facts.client.client_id,
        label=facts.client.label,
        scopes=facts.scopes,
        request_id=request_id,
    )


def facts_of_token(token: str) -> TokenFacts:
    """What is known of a bearer token. Raises `NotAuthenticated` when nothing is."""
    checksum = hashlib.sha256(token.encode()).hexdigest()
    row = (
        get_access_token_model()
        .objects.select_related("application")
        .filter(token_checksum=checksum)
        .first()
    )
    if row is None or row.application is None:
        raise _unknown_token()
    # A scope taken from the client is taken from its tokens, too.
    scopes = frozenset(row.scope.split()) & frozenset(row.application.allowed_scopes)
    return TokenFacts(client_facts(row.application), scopes, row.expires)


def _unknown_token() -> NotAuthenticated:
    return NotAuthenticated(
        "The access token is unknown, expired or revoked.", code="invalid_token"
    )


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer …` (RFC 6750)."""

    def authenticate(self, request: Request) -> tuple[ClientPrincipal, str] | None:
        header = request.headers.get("Authorization", "")
        kind, _, token = header.partition(" ")
        if kind.lower() != "bearer" or not token:
            return None
        actor = check(
            facts_of_token(token.strip()),
            address=client_address(request._request),
            moment=now(),
            request_id=getattr(request, "request_id", ""),
        )
        request._request.actor = actor  # type: ignore[attr-defined]
        return ClientPrincipal(actor=actor), token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="panorama"'


def acting_client(request: Request) -> Actor:
    """The client behind an authenticated API request. Raises `NotAuthenticated`."""
    principal: Any = request.user
    if not isinstance(principal, ClientPrincipal):
        raise NotAuthenticated()
    return principal.actor


class ScopeRequired(BasePermission):
    """A view names one permission a method in `permission_codes`; a method it does not name is refused.

    A method that the view has not got at all passes here and is answered 405.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        principal = request.user
        if not isinstance(principal, ClientPrincipal):
            raise NotAuthenticated()
        method = "GET" if request.method == "HEAD" else request.method or ""
        if method == "OPTIONS" or not hasattr(view, method.lower()):
            return True
        code = getattr(view, "permission_codes", {}).get(method)
        return bool(code) and policies.allowed(principal.actor, code)
