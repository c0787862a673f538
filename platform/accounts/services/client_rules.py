"""What an API client may be set to; every refusal names its field."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts import policies
from accounts.choices import ClientMethod
from core.actors import Actor
from core.client_address import networks as parsed_networks
from core.clock import now
from core.errors import Forbidden, ProblemError, field_error
from core.jose import check_key_set
from core.outgoing import check_url

TOKEN_SECONDS = (60, 86_400)
NETWORKS_AT_MOST = 100


@dataclass(frozen=True, slots=True)
class ClientRules:
    """How a client authenticates, from where, and for how long.

    `jwks` or `jwks_uri` is for `private_key_jwt`; `networks` are CIDRs, none meaning anywhere; `token_seconds` is the
    life of a token; after `expires_at` neither the client nor any of its tokens works.
    """

    method: str = ClientMethod.SECRET
    jwks: dict[str, Any] | None = None
    jwks_uri: str = ""
    networks: Sequence[str] = ()
    token_seconds: int = 3600
    expires_at: datetime | None = None


def check_scopes(scopes: Sequence[str], actor: Actor) -> None:
    """Raises `InvalidInput`; `Forbidden` when a client would give more than it has itself."""
    unknown = sorted(set(scopes) - set(policies.scopes()))
    if unknown:
        raise field_error("/scopes", "unknown_scope", f"Unknown scopes: {', '.join(unknown)}.")
    check_reach(scopes, actor)


def check_reach(scopes: Sequence[str], actor: Actor) -> None:
    """A client may touch only clients that can do no more than itself. Raises `Forbidden`."""
    beyond = sorted(set(scopes) - actor.scopes) if actor.kind == "client" else []
    if beyond:
        raise Forbidden(
            f"A client gives no scope it has not got itself: {', '.join(beyond)}.",
            code="scope_beyond_own",
        )


def check_rules(rules: ClientRules) -> None:
    """Raises `InvalidInput`."""
    if rules.method not in ClientMethod.values:
        raise field_error("/method", "unknown_method", "This way of authentication is not known.")
    low, high = TOKEN_SECONDS
    if not low <= rules.token_seconds <= high:
        raise field_error(
            "/token_seconds", "out_of_range", f"A token lives between {low} and {high} seconds."
        )
    if rules.expires_at is not None and rules.expires_at <= now():
        raise field_error("/expires_at", "in_the_past", "This moment is past already.")
    _check_networks(rules.networks)
    _check_keys(rules)


def _check_networks(given: Sequence[str]) -> None:
    if len(given) > NETWORKS_AT_MOST:
        raise field_error("/networks", "too_many", f"At most {NETWORKS_AT_MOST} networks.")
    for text in given:
        try:
            parsed_networks((text,))
        except ValueError as error:
            raise field_error(
                "/networks", "invalid_network", f"{text[:60]} is no network like 203.0.113.0/24."
            ) from error


def _check_keys(rules: ClientRules) -> None:
    if rules.method == ClientMethod.SECRET:
        if rules.jwks or rules.jwks_uri:
            raise field_error("/method", "keys_unused", "A client with a secret has no keys.")
        return
    if bool(rules.jwks) == bool(rules.jwks_uri):
        raise field_error("/jwks", "one_of_two", "Give the public keys, or where they are.")
    if rules.jwks:
        try:
            check_key_set(rules.jwks)
        except ValueError as error:
            raise field_error("/jwks", "invalid_keys", str(error)) from error
    else:
        try:
            check_url(rules.jwks_uri)
        except ProblemError as error:
            raise field_error("/jwks_uri", error.code, error.detail) from error
