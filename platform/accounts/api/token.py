"""The token endpoint (RFC 6749, section 3.2) and revocation (RFC 7009), for client credentials alone."""

import base64
import binascii
from collections.abc import Callable
from functools import wraps
from urllib.parse import unquote_plus

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.views.decorators.csrf import csrf_exempt

from accounts.services.tokens import (
    ASSERTION_TYPE,
    Credentials,
    OAuthError,
    authenticate_client,
    give_token,
    revoke_token,
)
from core.client_address import client_address

PATH = "/api/v1/oauth/token"
FORM_BYTES = 64 * 1024
# RFC 6749 names the first; the second is what some HTTP libraries send when told to post fields.
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
View = Callable[[HttpRequest], HttpResponse]


def _endpoint(view: View) -> View:
    """POST only, never cached, errors as RFC 6749 section 5.2 has them."""

    @csrf_exempt
    @wraps(view)
    def run(request: HttpRequest) -> HttpResponse:
        try:
            if request.method != "POST":
                raise OAuthError("invalid_request", "Use POST.", status=405)
            response = view(request)
        except OAuthError as error:
            body = {"error": error.error, "error_description": error.said}
            response = JsonResponse(body, status=error.status)
            if error.status == 401:
                response["WWW-Authenticate"] = 'Basic realm="panorama"'
            if error.status == 405:
                response["Allow"] = "POST"
        response["Cache-Control"] = "no-store"
        return response

    return run


@_endpoint
def token(request: HttpRequest) -> HttpResponse:
    """POST grant_type=client_credentials with HTTP Basic, in the body, or with a client assertion."""
    form = _form(request)
    if form.get("grant_type") != "client_credentials":
        given = "grant_type" in form
        raise OAuthError(
            "unsupported_grant_type" if given else "invalid_request",
            "The grant type is client_credentials.",
        )
    client = authenticate_client(
        shown=_credentials(request, form),
        audiences=_audiences(request),
        address=client_address(request),
    )
    given_out = give_token(client=client, scope=form.get("scope", ""))
    return JsonResponse(
        {
            "access_token": given_out.access_token,
            "token_type": "Bearer",
            "expires_in": given_out.expires_in,
            "scope": given_out.scope,
        }
    )


@_endpoint
def revoke(request: HttpRequest) -> HttpResponse:
    """POST token=… with the client's own credentials; the answer is the same whether there was such a token."""
    form = _form(request)
    client = authenticate_client(
        shown=_credentials(request, form),
        audiences=_audiences(request),
        address=client_address(request),
    )
    if not form.get("token"):
        raise OAuthError("invalid_request", "Which token?")
    revoke_token(client=client, token=form["token"])
    return HttpResponse(status=200)


def _audiences(request: HttpRequest) -> tuple[str, str]:
    """How an assertion names this endpoint, or this bank as an issuer of tokens."""
    return request.build_absolute_uri(PATH), request.build_absolute_uri("/").rstrip("/")


def _form(request: HttpRequest) -> dict[str, str]:
    """The parameters, each at most once and without NUL. Raises `OAuthError`."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > FORM_BYTES:
        raise OAuthError("invalid_request", f"At most {FORM_BYTES} bytes are taken.", status=413)
    if request.content_type not in FORM_TYPES:
        raise OAuthError("invalid_request", "Send the parameters as a form.")
    try:
        lists = dict(request.POST.lists())
    except (SuspiciousOperation, MultiPartParserError, ValueError) as error:
        raise OAuthError("invalid_request", "The form cannot be read.") from error
    if any(len(values) != 1 for values in lists.values()):
        raise OAuthError("invalid_request", "A parameter is repeated.")
    form = {name: str(values[0]) for name, values in lists.items()}
    if any("\x00" in value for value in form.values()):
        raise OAuthError("invalid_request", "A parameter holds a NUL.")
    return form


def _credentials(request: HttpRequest, form: dict[str, str]) -> Credentials:
    """Exactly one way of showing who asks (RFC 6749, section 2.3). Raises `OAuthError`."""
    header = request.headers.get("Authorization", "")
    ways = [bool(header), "client_secret" in form, "client_assertion" in form]
    if sum(ways) > 1:
        raise OAuthError("invalid_request", "Use one way of authentication, not several.")
    if header:
        return _basic(header)
    if "client_assertion" in form:
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise OAuthError("invalid_request", f"The client_assertion_type is {ASSERTION_TYPE}.")
        return Credentials(form.get("client_id", ""), assertion=form["client_assertion"])
    if not form.get("client_id") or not form.get("client_secret"):
        raise OAuthError("invalid_client", "The client shows no credentials.", status=401)
    return Credentials(form["client_id"], secret=form["client_secret"])


def _basic(header: str) -> Credentials:
    kind, _, text = header.partition(" ")
    refused = OAuthError("invalid_client", "The Authorization header cannot be read.", status=401)
    if kind.lower() != "basic":
        raise refused
    try:
        client_id, found, secret = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, ValueError) as error:
        raise refused from error
    if not found or "\x00" in client_id + secret:
        raise refused
    return Credentials(unquote_plus(client_id), secret=unquote_plus(secret))
