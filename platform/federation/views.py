"""Single sign-on in the browser: out to the identity provider, back, and the logout; and its back channel."""

import hmac
import time
from dataclasses import asdict
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from accounts.browser import bind, current_sign_in, origin_of, unbind
from accounts.choices import Proof
from accounts.models import User
from accounts.services import begin_sign_in, end_sign_in
from accounts.views.pages import completed, page, place, said, wanted_next
from core.errors import NotFound, ProblemError
from federation import services
from federation.engine.claims import shows_second_factor
from federation.models import Provider
from federation.services import AnswerInvalid, Attempt

UNDER_WAY, ID_TOKEN = "sso", "sso_id_token"
ATTEMPT_SECONDS = 600
CODE_LENGTH = 4_000


def _told(view: Any) -> Any:
    """A refusal as a page that says why and offers the login again."""

    @wraps(view)
    def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response: HttpResponse = view(request, *args, **kwargs)
            return response
        except ProblemError as error:
            return page(
                request, "federation/refused.html", title=_("Single sign-on"), error=said(error),
                status=error.status,
            )  # fmt: skip

    return run


def _provider() -> Provider:
    provider = services.active_provider()
    if provider is None:
        raise NotFound("Single sign-on is not set up here.")
    return provider


def _callback_address(request: HttpRequest) -> str:
    return request.build_absolute_uri(reverse("sso_callback"))


def _begun(request: HttpRequest, *, purpose: str, user_id: str = "") -> str:
    """Where to go; the session keeps what will be compared with what comes back."""
    attempt = services.new_attempt()
    address = services.authorization_address(_provider(), attempt, _callback_address(request))
    request.session[UNDER_WAY] = {
        **asdict(attempt),
        "purpose": purpose,
        "user": user_id,
        "next": wanted_next(request),
    }
    return address


@never_cache
@require_http_methods(["GET"])
@_told
def start(request: HttpRequest) -> HttpResponse:
    """To the identity provider, with state, nonce and a challenge that this browser's session keeps."""
    return HttpResponseRedirect(_begun(request, purpose="login"))


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
@_told
def link(request: HttpRequest) -> HttpResponse:
    """Who is logged in ties their account at the identity provider to themselves."""
    provider, away = _provider(), ""
    if request.method == "POST":
        away = _begun(request, purpose="link", user_id=str(request.user.pk))
    return page(
        request, "federation/link.html", title=_("Link your account"), provider=provider, away=away,
    )  # fmt: skip


@never_cache
@require_http_methods(["GET"])
@_told
def callback(request: HttpRequest) -> HttpResponse:
    """Back from the identity provider."""
    kept, attempt = _attempt_of(request)
    provider = _provider()
    if request.GET.get("error"):
        raise AnswerInvalid("The identity provider refused the login.")
    code = request.GET.get("code", "")
    if not code or len(code) > CODE_LENGTH:
        raise AnswerInvalid("The answer holds no code.")
    arrival = services.arrive(
        provider, attempt, code=code, issuer=request.GET.get("iss", ""),
        redirect_uri=_callback_address(request),
    )  # fmt: skip
    if kept["purpose"] == "link":
        return _linked(request, provider, arrival, kept)
    return _logged_in(request, provider, arrival, kept)


def _attempt_of(request: HttpRequest) -> tuple[dict[str, Any], Attempt]:
    """The attempt this browser began, once. Raises `AnswerInvalid`."""
    kept = request.session.pop(UNDER_WAY, None)
    state = request.GET.get("state", "")
    if not kept or not hmac.compare_digest(kept["state"].encode(), state.encode()):
        raise AnswerInvalid("This login was not begun in this browser, or was finished already.")
    if kept["started"] < time.time() - ATTEMPT_SECONDS:
        raise AnswerInvalid("This login took too long. Begin anew.")
    fields = ("state", "nonce", "verifier", "started")
    return kept, Attempt(**{name: kept[name] for name in fields})


def _linked(
    request: HttpRequest, provider: Provider, arrival: services.Arrival, kept: dict[str, Any]
) -> HttpResponse:
    user = request.user
    if not isinstance(user, User) or str(user.pk) != kept["user"]:
        raise AnswerInvalid("You are not logged in any more.")
    services.link_person(provider, arrival.claims, user=user)
    return HttpResponseRedirect(place(request, "accounts_security"))


def _logged_in(
    request: HttpRequest, provider: Provider, arrival: services.Arrival, kept: dict[str, Any]
) -> HttpResponse:
    claims = arrival.claims
    user = services.person_of(provider, claims)
    row = begin_sign_in(user=user, first_factor=Proof.SSO, origin=origin_of(request))
    sid = claims.get("sid")
    services.remember_login(
        sign_in=row, provider=provider, subject=services.subject_of(claims),
        sid=sid if isinstance(sid, str) else "",
    )  # fmt: skip
    home = kept["next"] or place(request, "index")
    if provider.trusts_second_factor and shows_second_factor(claims, provider.second_factor_values):
        response = completed(request, row, Proof.SSO, HttpResponseRedirect(home))
    else:
        bind(request, row)
        response = HttpResponseRedirect(place(request, "accounts_second_step"))
    request.session[ID_TOKEN] = arrival.id_token
    return response


@never_cache
@require_http_methods(["GET", "POST"])
def log_out(request: HttpRequest) -> HttpResponse:
    """Ask; then end this session and lead to where the identity provider ends its own."""
    if request.method != "POST":
        return page(request, "federation/logout.html", title=_("Log out"), away="")
    id_token, found = request.session.get(ID_TOKEN, ""), current_sign_in(request)
    if found is not None:
        end_sign_in(sign_in=found)
    unbind(request)
    provider, back = services.active_provider(), place(request, "login")
    away = ""
    if provider is not None and id_token:
        away = services.logout_address(
            provider, id_token=id_token, back=request.build_absolute_uri(back)
        )
    # A page and not a redirect: the answer to a form may not leave this host (form-action 'self').
    return page(request, "federation/logout.html", title=_("Log out"), away=away or back)


@csrf_exempt
@never_cache
@require_POST
def backchannel(request: HttpRequest) -> HttpResponse:
    """A logout token of the identity provider; no cookie counts here."""
    try:
        services.end_by_token(_provider(), request.POST.get("logout_token", "")[:20_000])
    except ProblemError as error:
        body = {"error": "invalid_request", "error_description": error.detail}
        return JsonResponse(body, status=404 if isinstance(error, NotFound) else 400)
    return HttpResponse(status=200)


@require_http_methods(["GET"])
def keys(request: HttpRequest) -> HttpResponse:
    """Our public key, for a provider that asks for signed assertions."""
    provider = services.active_provider()
    public = provider.public_key if provider is not None else None
    return JsonResponse({"keys": [public] if public else []})
