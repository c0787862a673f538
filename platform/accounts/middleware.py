"""Puts the acting person on the request; API clients are put there by `accounts.authentication`.

`request.user` is a person only once a second factor was proved. A session with a password alone is nobody's to every
page, form and endpoint there is or will be: what it may reach are the pages that ask for no person.
"""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from accounts.browser import current_sign_in, user_of
from accounts.services.sign_ins import is_fresh
from core.actors import Actor
from core.console.step_up import needs_fresh_factor

STEP_UP = "accounts_prove"


class SignInMiddleware(AuthenticationMiddleware):
    """Django's middleware with our own answer to who this is."""

    def process_request(self, request: HttpRequest) -> None:
        request.user = SimpleLazyObject(lambda: user_of(request))  # type: ignore[assignment]

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """What matters asks for a second factor shown a short while ago."""
        match = request.resolver_match
        if match is None or not needs_fresh_factor(match.url_name or "", request.method or ""):
            return None
        found = current_sign_in(request)
        if found is None or not found.is_assured or is_fresh(found):
            return None
        # Pages that stand beside the sites, like those of single sign-on, have no name space of their own.
        site = match.namespace or ("bank" if getattr(request, "bank", None) else "ops")
        place = reverse(f"{site}:{STEP_UP}")
        return _sent(request, f"{place}?{urlencode({'next': _way_back(request)})}")

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """A piece of a page whose session has ended moves the whole page to the login, not the login into the piece."""
        location = response.get("Location", "")
        if response.status_code == 302 and "/login/" in location and _is_piece(request):
            return _sent(request, location)
        return response


def _way_back(request: HttpRequest) -> str:
    """The page itself; for a form that was sent, the page it stood on, since an address may take POST alone."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    came_from = request.headers.get("Referer", "")
    host = {request.get_host()}
    if url_has_allowed_host_and_scheme(came_from, host, require_https=request.is_secure()):
        return came_from
    return request.get_full_path()


def _is_piece(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def _sent(request: HttpRequest, place: str) -> HttpResponse:
    if _is_piece(request):
        return HttpResponse(status=401, headers={"HX-Redirect": place})
    return HttpResponseRedirect(place)


class ActorMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = SimpleLazyObject(lambda: _actor(request))  # type: ignore[attr-defined]
        return self.get_response(request)


def _actor(request: HttpRequest) -> Actor:
    request_id = getattr(request, "request_id", "")
    user = request.user
    if user.is_authenticated:
        return user.as_actor(request_id)
    return Actor(kind="user", id="", label="anonymous", request_id=request_id)
