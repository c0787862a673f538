"""API clients of a bank's systems."""

import secrets

from django.db import transaction
from oauth2_provider.models import get_access_token_model

from accounts import policies
from accounts.models import ApiClient
from audit.services import record
from core.actors import Actor
from core.errors import NotFound, field_error


@transaction.atomic
def create_client(*, name: str, scopes: list[str], actor: Actor) -> tuple[ApiClient, str]:
    """A new client and its secret, which is shown this once and kept as a hash."""
    policies.require(actor, "accounts.client.change")
    unknown = sorted(set(scopes) - set(policies.scopes()))
    if unknown:
        raise field_error("/scopes", "unknown_scope", f"Unknown scopes: {', '.join(unknown)}.")
    if not name.strip():
        raise field_error("/name", "required", "A name is required.")
    secret = secrets.token_urlsafe(36)
    client = ApiClient.objects.create(
        name=name.strip(),
        client_id=secrets.token_hex(16),
        client_secret=secret,
        client_type=ApiClient.CLIENT_CONFIDENTIAL,
        authorization_grant_type=ApiClient.GRANT_CLIENT_CREDENTIALS,
        allowed_scopes=sorted(set(scopes)),
        created_by=str(actor),
    )
    record(
        actor=actor, action="accounts.client.create", target="api_client", target_id=client.client_id,
        detail={"scopes": client.allowed_scopes},
    )  # fmt: skip
    return client, secret


@transaction.atomic
def rotate_secret(*, client_id: str, actor: Actor) -> str:
    """A new secret for a client, returned this once; tokens given for the old one stay until they expire."""
    policies.require(actor, "accounts.client.change")
    client = (
        ApiClient.objects.select_for_update().filter(client_id=client_id, is_active=True).first()
    )
    if client is None:
        raise NotFound("No such client, or revoked.")
    secret = secrets.token_urlsafe(36)
    client.client_secret = secret
    client.save()
    record(actor=actor, action="accounts.client.rotate", target="api_client", target_id=client_id)
    return secret


@transaction.atomic
def revoke_client(*, client_id: str, actor: Actor) -> None:
    """Switch a client off and drop its tokens."""
    policies.require(actor, "accounts.client.change")
    client = ApiClient.objects.select_for_update().filter(client_id=client_id).first()
    if client is None:
        raise NotFound("No such client.")
    client.is_active = False
    client.save(update_fields=["is_active"])
    get_access_token_model().objects.filter(application=client).delete()
    record(actor=actor, action="accounts.client.revoke", target="api_client", target_id=client_id)
