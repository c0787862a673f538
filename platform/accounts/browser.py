"""The browser's side of a sign-in: which row its session names, and the marks of accounts it has logged in to."""

import secrets
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token

from accounts.engine.network import network_of
from accounts.models import SignIn, User
from accounts.origin import Origin
from accounts.services.attempts import account_hash
from accounts.services.passkeys import RelyingParty
from accounts.services.sign_ins import find_sign_in
from core.client_address import client_address
from core.tenancy import current_schema

SIGN_IN = "sign_in"
CHALLENGE = "passkey_challenge"
MARKS_COOKIE = "panorama_device"
MARKS_SECONDS = 180 * 86400
MOST_MARKS = 8


def origin_of(request: HttpRequest) -> Origin:
    """Address, network, device and marks of a request."""
    address = str(client_address(request) or "")
    return Origin(
        address=address,
        network=network_of(address),
        device=request.headers.get("User-Agent", "")[:200],
        marks=_marks(request),
    )


def _salt() -> str:
    # A mark given by one bank is none at another.
    return f"accounts.device.{current_schema()}"


def _marks(request: HttpRequest) -> dict[str, str]:
    text = request.COOKIES.get(MARKS_COOKIE, "")
    try:
        found = signing.loads(text, salt=_salt(), max_age=MARKS_SECONDS) if text else {}
    except signing.BadSignature:
        return {}
    return found if isinstance(found, dict) else {}


def mark_device(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Let this device be known to the account from now on: it has logged in with both factors."""
    account = account_hash(user.email)
    marks = _marks(request)
    mark = marks.pop(account, "") or secrets.token_urlsafe(16)
    kept = dict(list(marks.items())[-(MOST_MARKS - 1) :])
    response.set_cookie(
        MARKS_COOKIE,
        signing.dumps({**kept, account: mark}, salt=_salt()),
        max_age=MARKS_SECONDS,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


def bind(request: HttpRequest, sign_in: SignIn) -> None:
    """Let the session name this sign-in, under a new key: one that was planted before is worth nothing after."""
    if request.session.get(SIGN_IN) == str(sign_in.pk):
        request.session.cycle_key()
    else:
        request.session.flush()
        request.session[SIGN_IN] = str(sign_in.pk)
    rotate_token(request)
    _remember(request, sign_in)


def unbind(request: HttpRequest) -> None:
    request.session.flush()
    _remember(request, None)


def _remember(request: Any, sign_in: SignIn | None) -> None:
    request._sign_in = sign_in
    request.user = user_of(request)


def current_sign_in(request: Any) -> SignIn | None:
    """The open sign-in of this browser, assured or not; looked up once a request."""
    if not hasattr(request, "_sign_in"):
        key = request.session.get(SIGN_IN)
        request._sign_in = find_sign_in(key) if key else None
        if key and request._sign_in is None:
            request.session.flush()
    found: SignIn | None = request._sign_in
    return found


def user_of(request: HttpRequest) -> User | AnonymousUser:
    """The person, once a second factor was proved; until then nobody, wherever somebody is asked for."""
    found = current_sign_in(request)
    return found.user if found is not None and found.is_assured else AnonymousUser()


def party_of(request: HttpRequest) -> RelyingParty:
    """The host that passkeys belong to: the bank's own, which Host has led to."""
    host = request.get_host()
    bank = getattr(request, "bank", None)
    return RelyingParty(
        id=host.rsplit(":", 1)[0] if ":" in host else host,
        origin=f"{request.scheme}://{host}",
        name=bank.name if bank is not None else "Panorama",
    )
