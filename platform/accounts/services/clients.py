"""API clients of a bank's systems."""

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from oauth2_provider.models import get_access_token_model

from accounts import policies
from accounts.choices import ClientMethod
from accounts.models import ApiClient, ClientSecret
from accounts.services.client_rules import ClientRules, check_reach, check_rules, check_scopes
from audit.services import record
from core.actors import Actor
from core.clock import now
from core.errors import Conflict, NotFound, field_error
from core.metering import require_room

OVERLAP_AT_MOST = timedelta(days=30)
_HINT = 4


def hash_secret(secret: str) -> str:
    """One round of SHA-256: a secret is 288 random bits of ours, so that slowness would add nothing."""
    return "sha256$" + hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def create_client(
    *, name: str, scopes: list[str], actor: Actor, rules: ClientRules | None = None
) -> tuple[ApiClient, str]:
    """A new client and its secret, which is shown this once and kept as a hash; "" where it has keys of its own."""
    policies.require(actor, "accounts.client.change")
    rules = rules or ClientRules()
    check_scopes(scopes, actor)
    check_rules(rules)
    require_room("api_clients")
    client = ApiClient.objects.create(
        name=_name(name),
        client_id=secrets.token_hex(16),
        client_secret="",
        hash_client_secret=False,
        client_type=ApiClient.CLIENT_CONFIDENTIAL,
        authorization_grant_type=ApiClient.GRANT_CLIENT_CREDENTIALS,
        allowed_scopes=sorted(set(scopes)),
        created_by=str(actor),
        **_columns(rules),
    )
    secret = _new_secret(client, actor) if rules.method == ClientMethod.SECRET else ""
    record(
        actor=actor, action="accounts.client.create", target="api_client", target_id=client.client_id,
        detail={"scopes": client.allowed_scopes, **_told(client)},
    )  # fmt: skip
    return client, secret


@transaction.atomic
def change_client(
    *, client_id: str, name: str, scopes: list[str], rules: ClientRules, actor: Actor
) -> ApiClient:
    """Set everything about a client anew; in force for its tokens, too, within three seconds."""
    client = _locked(client_id, actor)
    check_scopes(scopes, actor)
    check_rules(rules)
    before = {"scopes": client.allowed_scopes, **_told(client)}
    client.name, client.allowed_scopes = _name(name), sorted(set(scopes))
    for column, value in _columns(rules).items():
        setattr(client, column, value)
    client.save()
    if rules.method == ClientMethod.KEY:
        _end_secrets(client, at_once=True)
    record(
        actor=actor, action="accounts.client.change", target="api_client", target_id=client_id,
        detail={"before": before, "after": {"scopes": client.allowed_scopes, **_told(client)}},
    )  # fmt: skip
    return client


@transaction.atomic
def rotate_secret(*, client_id: str, actor: Actor, overlap: timedelta = timedelta(0)) -> str:
    """A new secret, returned this once. The one before works for `overlap` more; any older one ends now.

    Tokens given for the old secret stay until they expire.
    """
    if not timedelta(0) <= overlap <= OVERLAP_AT_MOST:
        raise field_error(
            "/overlap_hours", "out_of_range",
            f"Two secrets are valid together for at most {OVERLAP_AT_MOST.days} days.",
        )  # fmt: skip
    client = _locked(client_id, actor)
    if client.method != ClientMethod.SECRET:
        raise Conflict("This client signs with a key of its own.", code="client_has_no_secret")
    _end_secrets(client, at_once=not overlap, newest_at=overlap)
    secret = _new_secret(client, actor)
    record(
        actor=actor, action="accounts.client.rotate", target="api_client", target_id=client_id,
        detail={"overlap_seconds": int(overlap.total_seconds())},
    )  # fmt: skip
    return secret


@transaction.atomic
def end_secret(*, client_id: str, secret_id: str, actor: Actor) -> None:
    """End one secret now, for instance the old one once every system has the new."""
    client = _locked(client_id, actor)
    found = valid_secrets(client).filter(pk=secret_id).update(ends_at=now())
    if not found:
        raise NotFound("No such secret, or it has ended.")
    record(
        actor=actor, action="accounts.client.end_secret", target="api_client", target_id=client_id,
        detail={"secret": secret_id},
    )  # fmt: skip


@transaction.atomic
def end_old_secrets(*, client_id: str, actor: Actor) -> int:
    """End all secrets but the newest now; returns how many."""
    client = _locked(client_id, actor)
    old = [row.pk for row in valid_secrets(client)[1:]]
    ended = int(ClientSecret.objects.filter(pk__in=old).update(ends_at=now()))
    record(
        actor=actor, action="accounts.client.end_old_secrets", target="api_client", target_id=client_id,
        detail={"ended": ended},
    )  # fmt: skip
    return ended


@transaction.atomic
def revoke_client(*, client_id: str, actor: Actor) -> None:
    """Switch a client off for good, end its secrets and drop its tokens."""
    policies.require(actor, "accounts.client.change")
    client = ApiClient.objects.select_for_update().filter(client_id=client_id).first()
    if client is None:
        raise NotFound("No such client.")
    check_reach(client.allowed_scopes, actor)
    client.is_active = False
    client.save(update_fields=["is_active"])
    _end_secrets(client, at_once=True)
    get_access_token_model().objects.filter(application=client).delete()
    record(actor=actor, action="accounts.client.revoke", target="api_client", target_id=client_id)


def valid_secrets(client: ApiClient) -> Any:
    """Secrets that work now, the newest first."""
    return ClientSecret.objects.filter(Q(ends_at=None) | Q(ends_at__gt=now()), client=client)


def _locked(client_id: str, actor: Actor) -> ApiClient:
    policies.require(actor, "accounts.client.change")
    client = (
        ApiClient.objects.select_for_update().filter(client_id=client_id, is_active=True).first()
    )
    if client is None:
        raise NotFound("No such client, or revoked.")
    check_reach(client.allowed_scopes, actor)
    found: ApiClient = client
    return found


def _name(name: str) -> str:
    if not name.strip():
        raise field_error("/name", "required", "A name is required.")
    return name.strip()


def _columns(rules: ClientRules) -> dict[str, Any]:
    return {
        "method": rules.method,
        "jwks": rules.jwks or None,
        "jwks_uri": rules.jwks_uri,
        "networks": list(rules.networks),
        "token_seconds": rules.token_seconds,
        "expires_at": rules.expires_at,
    }


def _told(client: ApiClient) -> dict[str, Any]:
    """What the audit trail tells of a client's rules."""
    return {
        "method": str(client.method),
        "jwks_uri": client.jwks_uri,
        "networks": list(client.networks),
        "token_seconds": client.token_seconds,
        "expires_at": client.expires_at.isoformat() if client.expires_at else None,
    }


def _new_secret(client: ApiClient, actor: Actor) -> str:
    secret = secrets.token_urlsafe(36)
    ClientSecret.objects.create(
        client=client,
        secret_hash=hash_secret(secret),
        hint=secret[:_HINT],
        created_by=str(actor),
    )
    return secret


def _end_secrets(client: ApiClient, *, at_once: bool, newest_at: timedelta = timedelta(0)) -> None:
    """End all at once, or let the newest live for `newest_at`, never longer than it would have."""
    rows = list(valid_secrets(client))
    for place, row in enumerate(rows):
        ends = now() if at_once or place else now() + newest_at
        row.ends_at = min(row.ends_at or ends, ends)
        row.save(update_fields=["ends_at"])
