"""OpenID Connect Core 1.0, authorization code flow with PKCE (RFC 7636): what we ask, and what we believe."""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

import jwt

from core.clock import now
from core.errors import ProblemError
from core.jose import TokenRefused, check_times, only_audience
from core.key_sets import claims_by_uri
from core.outgoing import Answer, Limits, OutgoingRefused, call, check_url
from core.tenancy import current_context
from federation.choices import ProviderMethod
from federation.models import Provider
from federation.services.errors import AnswerInvalid, ProviderDown
from federation.services.provider import key_of, secret_of

DISCOVERY = "/.well-known/openid-configuration"
KEPT_SECONDS = 300.0
SKEW, LIFETIME = 60.0, 86_400.0
_LIMITS = Limits(seconds=8.0, body_bytes=256 * 1024)
_REQUIRED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_lock = threading.Lock()
_kept: dict[tuple[str, str], tuple[float, "Endpoints"]] = {}


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What a provider says of itself (OpenID Connect Discovery 1.0)."""

    authorization: str
    token: str
    keys: str
    end_session: str
    names_issuer: bool


@dataclass(frozen=True, slots=True)
class Attempt:
    """A login under way: kept in the browser's session, used once."""

    state: str
    nonce: str
    verifier: str
    started: float


@dataclass(frozen=True, slots=True)
class Arrival:
    """Who arrived: the claims of a valid ID token, and the token, for the logout."""

    claims: Mapping[str, Any]
    id_token: str


def new_attempt() -> Attempt:
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    return Attempt(state, nonce, verifier, time.time())


def authorization_address(provider: Provider, attempt: Attempt, redirect_uri: str) -> str:
    """Where the browser goes to log in. Raises `ProviderDown`."""
    challenge = hashlib.sha256(attempt.verifier.encode()).digest()
    asked = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(provider.scopes),
        "state": attempt.state,
        "nonce": attempt.nonce,
        "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    address = endpoints(provider).authorization
    return address + ("&" if "?" in address else "?") + urlencode(asked)


def endpoints(provider: Provider) -> Endpoints:
    """The provider's addresses, kept for five minutes. Raises `ProviderDown`."""
    place = (current_context().schema, provider.issuer)
    found = _kept.get(place)
    if found is not None and time.monotonic() - found[0] < KEPT_SECONDS:
        return found[1]
    document = _document(_called("GET", provider.issuer.rstrip("/") + DISCOVERY))
    if document.get("issuer") != provider.issuer:
        raise ProviderDown("The identity provider calls itself by another name than was set here.")
    if not all(isinstance(document.get(name), str) for name in _REQUIRED):
        raise ProviderDown("The identity provider's description lacks an address.")
    fresh = Endpoints(
        authorization=document["authorization_endpoint"],
        token=document["token_endpoint"],
        keys=document["jwks_uri"],
        end_session=str(document.get("end_session_endpoint") or ""),
        names_issuer=document.get("authorization_response_iss_parameter_supported") is True,
    )
    for address in filter(None, (fresh.authorization, fresh.end_session)):
        try:
            check_url(address)
        except OutgoingRefused as error:
            raise ProviderDown("The identity provider names an address we do not go to.") from error
    with _lock:
        _kept[place] = (time.monotonic(), fresh)
    return fresh


def forget_endpoints() -> None:
    """Drop what this process knows."""
    with _lock:
        _kept.clear()


def arrive(
    provider: Provider, attempt: Attempt, *, code: str, issuer: str, redirect_uri: str
) -> Arrival:
    """Exchange the code and validate the ID token. Raises `AnswerInvalid`, `ProviderDown`.

    `issuer` is the answer's `iss` (RFC 9207), "" where it had none.
    """
    known = endpoints(provider)
    if issuer != provider.issuer and (issuer or known.names_issuer):
        raise AnswerInvalid("The answer is another identity provider's.")
    answer = _exchange(provider, known, attempt, code=code, redirect_uri=redirect_uri)
    if answer.status != 200:
        raise AnswerInvalid(
            "The identity provider does not take the code: it was used or is too old."
        )
    id_token = _document(answer).get("id_token")
    if not isinstance(id_token, str):
        raise AnswerInvalid("The identity provider gave no ID token.")
    claims = validated(provider, known, id_token)
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(
        nonce.encode(), attempt.nonce.encode()
    ):
        raise AnswerInvalid("The ID token is not for this login.")
    return Arrival(claims, id_token)


def validated(provider: Provider, known: Endpoints, token: str) -> dict[str, Any]:
    """Claims of a token of this provider for us (OpenID Connect Core, section 3.1.3.7)."""
    try:
        claims = claims_by_uri(token, known.keys)
        check_times(claims, moment=now(), skew=SKEW, lifetime=LIFETIME)
        if claims.get("iss") != provider.issuer:
            raise TokenRefused("The token is another issuer's.")
        if only_audience(claims) != provider.client_id:
            raise TokenRefused("The token is meant for somebody else.")
        if claims.get("azp", provider.client_id) != provider.client_id:
            raise TokenRefused("The token was given to somebody else.")
        if claims.get("iat") is None:
            raise TokenRefused("The token does not say when it was made.")
    except TokenRefused as error:
        raise AnswerInvalid(f"The identity provider's token is not valid. {error}") from error
    except ProblemError as error:
        raise ProviderDown("The identity provider's keys cannot be had.") from error
    return claims


def subject_of(claims: Mapping[str, Any]) -> str:
    """The subject. Raises `AnswerInvalid`."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255 or "\x00" in subject:
        raise AnswerInvalid("The ID token names nobody.")
    return subject


def _exchange(
    provider: Provider, known: Endpoints, attempt: Attempt, *, code: str, redirect_uri: str
) -> Answer:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": attempt.verifier,
        "client_id": provider.client_id,
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    if provider.method == ProviderMethod.KEY:
        form |= {
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": _assertion(provider, known.token),
        }
    elif provider.method == ProviderMethod.POST:
        form["client_secret"] = secret_of(provider)
    else:
        # RFC 6749, section 2.3.1: both are form-encoded before they are joined.
        pair = f"{quote(provider.client_id, safe='')}:{quote(secret_of(provider), safe='')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    return _called("POST", known.token, headers=headers, body=urlencode(form).encode())


def _assertion(provider: Provider, audience: str) -> str:
    moment = now()
    claims = {
        "iss": provider.client_id,
        "sub": provider.client_id,
        "aud": audience,
        "iat": moment,
        "exp": moment + timedelta(seconds=60),
        "jti": secrets.token_urlsafe(24),
    }
    return jwt.encode(
        claims, key_of(provider).decode(), algorithm="RS256", headers={"kid": str(provider.id)}
    )


def _called(method: str, url: str, **more: Any) -> Answer:
    try:
        return call(method, url, limits=_LIMITS, **more)
    except ProblemError as error:
        raise ProviderDown(f"The identity provider cannot be reached. {error.detail}") from error


def _document(answer: Answer) -> dict[str, Any]:
    if answer.status != 200:
        raise ProviderDown(f"The identity provider answers {answer.status}.")
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise ProviderDown("The identity provider answers what cannot be read.") from error
    if not isinstance(found, dict):
        raise ProviderDown("The identity provider answers what cannot be read.")
    return found
