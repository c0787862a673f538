"""Bearer tokens of API clients: who calls, with which scopes, in this bank and no other."""

import hashlib
from dataclasses import dataclass
from typing import Any

from oauth2_provider.models import get_access_token_model
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts import policies
from core.actors import Actor
from core.clock import now
from core.errors import NotAuthenticated


@dataclass(frozen=True, slots=True)
class ClientPrincipal:
    """What DRF calls the user: an API client."""

    actor: Actor
    is_authenticated: bool = True
    is_active: bool = True
    pk: str = ""


def actor_of_token(token: str, *, request_id: str = "") -> Actor:
    """The client a bearer token belongs to. Raises `NotAuthenticated`."""
    model = get_access_token_model()
    checksum = hashlib.sha256(token.encode()).hexdigest()
    row = (
        model.objects.select_related("application")
        .filter(token_checksum=checksum, expires__gt=now())
        .first()
    )
    if row is None or row.application is None or not row.application.is_active:
        raise NotAuthenticated(
            "The access token is unknown, expired or revoked.", code="invalid_token"
        )
    return Actor(
        kind="client",
        id=row.application.client_id,
        label=row.application.name,
        scopes=frozenset(row.scope.split()),
        request_id=request_id,
    )


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer …` (RFC 6750)."""

    def authenticate(self, request: Request) -> tuple[ClientPrincipal, str] | None:
        header = request.headers.get("Authorization", "")
        kind, _, token = header.partition(" ")
        if kind.lower() != "bearer" or not token:
            return None
        actor = actor_of_token(token.strip(), request_id=getattr(request, "request_id", ""))
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
