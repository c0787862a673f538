"""Logging in and out: the password, then the second factor; or a passkey alone."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import services
from accounts.browser import bind, current_sign_in, origin_of, party_of, unbind
from accounts.choices import Proof
from accounts.forms import SignInForm
from accounts.models import SignIn
from accounts.sign_in_ways import ways
from accounts.views.pages import (
    arrive,
    completed,
    go,
    keep_challenge,
    page,
    place,
    said,
    take_challenge,
)
from core.errors import ProblemError

SHOW = "show"


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def log_in(request: HttpRequest) -> HttpResponse:
    """E-mail and password; what they begin opens nothing but the second step."""
    found = current_sign_in(request)
    if request.method == "GET" and found is not None:
        return arrive(request) if found.is_assured else go(request, "accounts_second_step")
    form = SignInForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            user = services.prove_password(
                email=form.cleaned_data["username"],
                password=form.cleaned_data["password"],
                origin=origin_of(request),
            )
        except ProblemError as error:
            form.add_error(None, said(error))
            status = 429 if isinstance(error, services.TooManyAttempts) else 200
        else:
            return _begun(request, user, Proof.PASSWORD)
    return page(
        request, "accounts/login.html", title=_("Log in"), form=form, status=status,
        app_path=request.get_full_path(), ways=ways(),
    )  # fmt: skip


def _begun(request: HttpRequest, user: object, factor: Proof) -> HttpResponse:
    row = services.begin_sign_in(
        user=user,  # type: ignore[arg-type]
        first_factor=factor,
        origin=origin_of(request),
    )
    bind(request, row)
    return go(request, "accounts_second_step")


@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    found = current_sign_in(request)
    if found is not None:
        services.end_sign_in(sign_in=found)
    unbind(request)
    return HttpResponseRedirect(place(request, "login"))


@never_cache
@require_http_methods(["GET", "POST"])
def second_step(request: HttpRequest) -> HttpResponse:
    """A code of an app, a recovery code, or a passkey; who has none yet enrols one."""
    found = current_sign_in(request)
    if found is None:
        return go(request, "login")
    if found.is_assured:
        return arrive(request)
    if not services.has_factor(found.user):
        return go(request, "accounts_enrol")
    return _code_page(request, found, title=_("Second step"), leave=True)


@never_cache
@require_http_methods(["GET", "POST"])
def prove(request: HttpRequest) -> HttpResponse:
    """The second factor once more, for what matters."""
    found = current_sign_in(request)
    if found is None or not found.is_assured:
        return go(request, "login")
    return _code_page(request, found, title=_("Confirm that it is you"), leave=False)


def _code_page(request: HttpRequest, found: SignIn, *, title: str, leave: bool) -> HttpResponse:
    error, status = "", 200
    if request.method == "POST":
        try:
            factor = services.prove_code(
                user=found.user, code=request.POST.get("code", ""), origin=origin_of(request)
            )
            return completed(request, found, factor, arrive(request))
        except ProblemError as refusal:
            error = said(refusal)
            status = 429 if isinstance(refusal, services.TooManyAttempts) else 200
    return page(
        request, "accounts/second_step.html", title=title, error=error, status=status,
        person=found.user, leave=leave, passkeys=found.user.passkeys.exists(),
        apps=found.user.code_devices.exclude(confirmed_at=None).exists(),
    )  # fmt: skip


@never_cache
@require_POST
def ask_passkey(request: HttpRequest) -> HttpResponse:
    """What to hand to `navigator.credentials.get`: any passkey of this host, or the person's own."""
    found = current_sign_in(request)
    asked = services.ask_for_passkey(party=party_of(request), user=found.user if found else None)
    keep_challenge(request, SHOW, asked.challenge)
    return HttpResponse(asked.options, content_type="application/json")


@never_cache
@require_POST
def show_passkey(request: HttpRequest) -> HttpResponse:
    """A passkey logs in alone, or is the second step, or confirms; which of them, the session says."""
    found = current_sign_in(request)
    try:
        user = services.prove_passkey(
            answer=request.POST.get("credential", ""),
            challenge=take_challenge(request, SHOW),
            party=party_of(request),
            user=found.user if found else None,
        )
        if found is None:
            found = services.begin_sign_in(
                user=user, first_factor=Proof.PASSKEY, origin=origin_of(request)
            )
        return completed(request, found, Proof.PASSKEY, arrive(request))
    except ProblemError as error:
        return JsonResponse({"detail": said(error)}, status=400)
