"""The token endpoint's rules (RFC 6749 section 4.4, RFC 7523, RFC 7009): who asks, and what they get."""

import hashlib
import hmac
import logging
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.hashers import check_password
from oauth2_provider.models import get_access_token_model

from accounts import policies
from accounts.authentication import client_facts, client_refusal
from accounts.choices import ClientMethod
from accounts.models import ApiClient
from accounts.services.clients import hash_secret, valid_secrets
from accounts.services.once import use_once
from core.client_address import Address
from core.clock import now
from core.errors import ProblemError
from core.jose import (
    TokenRefused,
    check_times,
    only_audience,
    unverified_claims,
    verified_claims,
)
from core.key_sets import claims_by_uri

log = logging.getLogger(__name__)
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# How far a client's clock may be off, and how long an assertion may live, in seconds.
SKEW = 30.0
ASSERTION_LIFETIME = 300.0
# One write a minute tells when a client was last used; not one a token.
USED_EVERY = timedelta(seconds=60)


class OAuthError(Exception):
    """An error as RFC 6749 section 5.2 names it; `said` is for whoever looks into the answer."""

    def __init__(self, error: str, said: str, *, status: int = 400) -> None:
        super().__init__(said)
        self.error, self.said, self.status = error, said, status


def _unknown(said: str = "The client is unknown, or its credentials are wrong.") -> OAuthError:
    return OAuthError("invalid_client", said, status=401)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client shows: an id with a secret, or an assertion."""

    client_id: str = ""
    secret: str = ""
    assertion: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """A token as it is handed out, this once."""

    access_token: str
    expires_in: int
    scope: str


def authenticate_client(
    *, shown: Credentials, audiences: Collection[str], address: Address | None
) -> ApiClient:
    """The client that shows these credentials from this address. Raises `OAuthError`."""
    if shown.assertion:
        claimed = _claimed_client(shown.assertion)
        if shown.client_id and shown.client_id != claimed:
            raise _unknown("The assertion is another client's.")
    else:
        claimed = shown.client_id
    client = ApiClient.objects.filter(client_id=claimed).first() if claimed.isascii() else None
    wanted = ClientMethod.KEY if shown.assertion else ClientMethod.SECRET
    if client is None or client.method != wanted:
        raise _unknown()
    if shown.assertion:
        _check_assertion(client, shown.assertion, audiences)
    else:
        _check_secret(client, shown.secret)
    refused = client_refusal(client_facts(client), address=address, moment=now())
    if refused is not None:
        log.warning("client %s refused: %s", client.client_id, refused.code)
        raise _unknown(refused.detail)
    _note_use(client)
    found: ApiClient = client
    return found


def give_token(*, client: ApiClient, scope: str) -> Given:
    """A token for the scopes asked for, all of the client's when none are named. Raises `OAuthError`."""
    known = [each for each in client.allowed_scopes if each in policies.scopes()]
    wanted = scope.split()
    if set(wanted) - set(known):
        raise OAuthError("invalid_scope", "The client does not have this scope.")
    if not known:
        raise OAuthError("invalid_scope", "The client has no scopes.")
    seconds = client.token_seconds
    if client.expires_at is not None:
        seconds = min(seconds, int((client.expires_at - now()).total_seconds()))
    token = secrets.token_urlsafe(32)
    granted = " ".join(dict.fromkeys(wanted or known))
    # The row holds the token's hash alone (RFC 9700, section 4.16).
    get_access_token_model().objects.create(
        token="",
        token_checksum=hashlib.sha256(token.encode()).hexdigest(),
        application=client,
        expires=now() + timedelta(seconds=seconds),
        scope=granted,
    )
    return Given(token, seconds, granted)


def revoke_token(*, client: ApiClient, token: str) -> None:
    """Drop the client's own token; any other is none of its business and stays, without a word (RFC 7009)."""
    checksum = hashlib.sha256(token.encode()).hexdigest()
    get_access_token_model().objects.filter(application=client, token_checksum=checksum).delete()


def _check_secret(client: ApiClient, secret: str) -> None:
    for row in valid_secrets(client):
        if _matches(secret, row.secret_hash):
            if row.last_used_at is None or now() - row.last_used_at > USED_EVERY:
                row.last_used_at = now()
                row.save(update_fields=["last_used_at"])
            return
    raise _unknown()


def _matches(secret: str, kept: str) -> bool:
    if kept.startswith("sha256$"):
        return hmac.compare_digest(hash_secret(secret), kept)
    # A secret from before there were several: hashed as passwords are.
    return check_password(secret, kept)


def _note_use(client: ApiClient) -> None:
    if client.last_used_at is None or now() - client.last_used_at > USED_EVERY:
        ApiClient.objects.filter(pk=client.pk).update(last_used_at=now())


def _claimed_client(assertion: str) -> str:
    """Whose the assertion says it is, before anything about it is believed."""
    try:
        claims = unverified_claims(assertion)
    except TokenRefused as error:
        raise _unknown(str(error)) from error
    subject = claims.get("sub")
    if not isinstance(subject, str) or claims.get("iss") != subject or "\x00" in subject:
        raise _unknown("The assertion's iss and sub must both be the client's id.")
    return subject


def _check_assertion(client: ApiClient, assertion: str, audiences: Collection[str]) -> None:
    try:
        claims = (
            verified_claims(assertion, client.jwks["keys"])
            if client.jwks
            else claims_by_uri(assertion, client.jwks_uri)
        )
        ends = check_times(claims, moment=now(), skew=SKEW, lifetime=ASSERTION_LIFETIME)
        if claims.get("iss") != client.client_id or claims.get("sub") != client.client_id:
            raise TokenRefused("The assertion's iss and sub must both be the client's id.")
        if only_audience(claims) not in audiences:
            raise TokenRefused("The assertion is meant for somebody else.")
        jti = claims.get("jti")
        if not isinstance(jti, str) or not 8 <= len(jti) <= 200:
            raise TokenRefused("The assertion needs a jti of 8 to 200 characters.")
    except TokenRefused as error:
        raise _unknown(str(error)) from error
    except ProblemError as error:
        # The client's own keys cannot be had: nobody is let in, and the client's owner can see why.
        log.warning("keys of client %s: %s", client.client_id, error.code)
        raise _unknown("The client's public keys could not be fetched.") from error
    if not use_once(f"{client.client_id}\n{jti}", until=ends + timedelta(seconds=SKEW)):
        raise _unknown("The assertion was used already.")
