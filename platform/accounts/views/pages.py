"""What the pages of sign-in share: how they look, where they lead, and how a sign-in is completed."""

import base64
import time
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _

from accounts.browser import CHALLENGE, bind, mark_device, origin_of
from accounts.models import SignIn, User
from accounts.services import TooManyAttempts, begin_sign_in, complete_sign_in
from core.console import bank_site, ops_site
from core.console.sites import PanoramaSite
from core.errors import ProblemError, field_error

CHALLENGE_SECONDS = 300


def site_of(request: HttpRequest) -> PanoramaSite:
    return bank_site if getattr(request, "bank", None) is not None else ops_site


def place(request: HttpRequest, view: str, *args: Any) -> str:
    """Address of a page of this site."""
    return reverse(f"{site_of(request).name}:{view}", args=args)


def page(
    request: HttpRequest, template: str, *, title: Any, status: int = 200, **context: Any
) -> HttpResponse:
    """A page in the site's look, never kept by a cache."""
    site = site_of(request)
    response = TemplateResponse(
        request,
        template,
        {
            **site.each_context(request),
            "title": title,
            "next": wanted_next(request),
            "site_name": site.name,
            **context,
        },
        status=status,
    )
    response["Cache-Control"] = "no-store"
    return response


def wanted_next(request: HttpRequest) -> str:
    """Where the person was going on this host, or ""."""
    given = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(
        given, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return given if safe else ""


def go(request: HttpRequest, view: str) -> HttpResponse:
    """To a page of sign-in, keeping where the person was going."""
    going = wanted_next(request)
    return HttpResponseRedirect(
        place(request, view) + (f"?{urlencode({'next': going})}" if going else "")
    )


def arrive(request: HttpRequest) -> HttpResponse:
    """To where the person was going, else the overview."""
    return HttpResponseRedirect(wanted_next(request) or place(request, "index"))


def arrive_home(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(place(request, "index"))


def completed(
    request: HttpRequest, sign_in: SignIn, factor: str, response: HttpResponse
) -> HttpResponse:
    """The second factor was proved: bind the sign-in to a new session key and let the account know the device."""
    row = complete_sign_in(sign_in=sign_in, second_factor=factor)
    bind(request, row)
    mark_device(request, response, row.user)
    return response


def renewed(request: HttpRequest, user: User, before: SignIn) -> HttpResponse:
    """After a change of the password, which ends every sign-in: this browser's begins anew, its factor just shown."""
    row = begin_sign_in(user=user, first_factor=before.first_factor, origin=origin_of(request))
    return completed(request, row, before.second_factor, arrive_home(request))


def typed_twice(request: HttpRequest) -> str:
    """The new password. Raises `InvalidInput` when it was not typed twice alike."""
    password = request.POST.get("password", "")
    if not password or password != request.POST.get("again", ""):
        raise field_error("/again", "passwords_differ", "The two passwords differ.")
    return password


def said(error: ProblemError) -> str:
    """The refusal in the reader's language."""
    if isinstance(error, TooManyAttempts):
        return _(
            "Too many attempts. Try again in %(seconds)s seconds, or log in with a passkey."
        ) % {"seconds": error.retry_after}
    texts = [each.detail for each in error.errors] or [error.detail]
    return " ".join(_(text) for text in texts)


def keep_challenge(request: HttpRequest, kind: str, challenge: bytes) -> None:
    request.session[CHALLENGE] = {
        "kind": kind,
        "value": base64.b64encode(challenge).decode(),
        "until": time.time() + CHALLENGE_SECONDS,
    }


def take_challenge(request: HttpRequest, kind: str) -> bytes:
    """The challenge this browser was given, once; no bytes, which no answer carries, when there is none."""
    kept = request.session.pop(CHALLENGE, None)
    if not kept or kept["kind"] != kind or kept["until"] < time.time():
        return b""
    return base64.b64decode(kept["value"])
