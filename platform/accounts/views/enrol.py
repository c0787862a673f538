"""Enrolling a second factor: the first one right after the password, more of them from one's own page."""

from typing import Any

import segno
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import services
from accounts.browser import current_sign_in, party_of
from accounts.choices import Proof
from accounts.models import SignIn
from accounts.views.pages import (
    completed,
    go,
    keep_challenge,
    page,
    place,
    said,
    take_challenge,
    wanted_next,
)
from core.errors import ProblemError

MAKE = "make"


def _enroller(request: HttpRequest) -> SignIn | HttpResponse:
    """The sign-in that may enrol now, or where to go instead.

    A session with a password alone may enrol the very first factor and no other; a full one shows a factor anew first.
    """
    found = current_sign_in(request)
    if found is None:
        return go(request, "login")
    if not found.is_assured:
        return go(request, "accounts_second_step") if services.has_factor(found.user) else found
    if services.is_fresh(found):
        return found
    return go(request, "accounts_prove")


@never_cache
@require_http_methods(["GET", "POST"])
def enrol(request: HttpRequest) -> HttpResponse:
    """Scan, type a code, done; or make a passkey on the same page. Needs no JavaScript for the app."""
    found = _enroller(request)
    if isinstance(found, HttpResponse):
        return found
    error, issuer = "", party_of(request).name
    if request.method == "POST":
        try:
            services.enrol_code_device(
                user=found.user,
                token=request.POST.get("token", ""),
                code=request.POST.get("code", ""),
                name=request.POST.get("name", ""),
                actor=found.user.as_actor(),
            )
            return _enrolled(request, found, Proof.CODE)
        except ProblemError as refusal:
            error = said(refusal)
    draft = services.same_draft(
        user=found.user, token=request.POST.get("token", ""), issuer=issuer
    ) or services.draft_code_device(user=found.user, issuer=issuer)
    return page(
        request, "accounts/enrol.html", title=_("Set up a second factor"), draft=draft,
        picture=_square(draft.uri), error=error, first=not found.is_assured, person=found.user,
    )  # fmt: skip


def _square(uri: str) -> SafeString:
    """The square code as SVG in the page: the secret leaves the server in this page only."""
    code = segno.make(uri, error="m", micro=False)
    label = _("Square code for the authenticator app")
    return mark_safe(  # noqa: S308 - drawn by us; the title is our own text
        code.svg_inline(scale=4, border=3, light="#ffffff", dark="#000000", title=label)
    )


@never_cache
@require_POST
def ask_new_passkey(request: HttpRequest) -> HttpResponse:
    """What to hand to `navigator.credentials.create`."""
    found = _enroller(request)
    if isinstance(found, HttpResponse):
        return found
    asked = services.begin_passkey(user=found.user, party=party_of(request))
    keep_challenge(request, MAKE, asked.challenge)
    return HttpResponse(asked.options, content_type="application/json")


@never_cache
@require_POST
def new_passkey(request: HttpRequest) -> HttpResponse:
    found = _enroller(request)
    if isinstance(found, HttpResponse):
        return found
    try:
        services.add_passkey(
            user=found.user,
            answer=request.POST.get("credential", ""),
            challenge=take_challenge(request, MAKE),
            party=party_of(request),
            name=request.POST.get("name", ""),
            actor=found.user.as_actor(),
        )
    except ProblemError as error:
        return JsonResponse({"detail": said(error)}, status=400)
    return _enrolled(request, found, Proof.PASSKEY)


def _enrolled(request: HttpRequest, found: SignIn, factor: Proof) -> HttpResponse:
    """Recovery codes with the first factor, shown this once; then on to where the person was going."""
    user: Any = found.user
    if user.recovery_codes.exists():
        response = go(request, "accounts_security")
        return response if found.is_assured else completed(request, found, factor, response)
    codes = services.new_recovery_codes(user=user, actor=user.as_actor())
    response = page(
        request, "accounts/recovery_codes.html", title=_("Recovery codes"), codes=codes,
        onward=wanted_next(request) or place(request, "index"),
    )  # fmt: skip
    return response if found.is_assured else completed(request, found, factor, response)
