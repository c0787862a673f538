"""A person's own page: factors, sessions, password."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import services
from accounts.browser import current_sign_in, origin_of
from accounts.choices import EndReason
from accounts.models import SignIn, User
from accounts.selectors import open_sign_ins, own_factors
from accounts.views.pages import page, place, renewed, said, typed_twice
from core.console import shown_errors
from core.errors import ProblemError
from core.request import acting


def _here(request: HttpRequest) -> SignIn:
    """This browser's sign-in; `admin_view` has let a person in, so there is one."""
    found = current_sign_in(request)
    if found is None:
        raise LookupError("A person is here without a sign-in.")
    return found


def _person(request: HttpRequest) -> User:
    return _here(request).user


def _back(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(place(request, "accounts_security"))


@never_cache
def security(request: HttpRequest) -> HttpResponse:
    """Factors, recovery codes left, and every open session."""
    here = _here(request)
    return page(
        request, "accounts/security.html", title=_("Sign-in and security"), here=str(here.pk),
        sessions=open_sign_ins(here.user), factors=own_factors(here.user),
    )  # fmt: skip


@require_POST
def end_session(request: HttpRequest, sign_in_id: str) -> HttpResponse:
    with shown_errors(request):
        services.end_sign_ins(
            user=_person(request), actor=acting(request), reason=EndReason.ENDED,
            only=str(sign_in_id),
        )  # fmt: skip
        messages.success(request, _("The session is ended."))
    return _back(request)


@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    here = _here(request)
    count = services.end_sign_ins(
        user=here.user, actor=acting(request), reason=EndReason.ENDED, but=str(here.pk)
    )
    messages.success(request, _("%(n)s other sessions are ended.") % {"n": count})
    return _back(request)


@require_POST
def remove_factor(request: HttpRequest, kind: str, factor_id: str) -> HttpResponse:
    user, actor = _person(request), acting(request)
    with shown_errors(request):
        if kind == "app":
            services.remove_code_device(user=user, device_id=str(factor_id), actor=actor)
        else:
            services.remove_passkey(user=user, passkey_id=str(factor_id), actor=actor)
        messages.success(request, _("The second factor is removed."))
    return _back(request)


@never_cache
@require_POST
def renew_codes(request: HttpRequest) -> HttpResponse:
    codes = services.new_recovery_codes(user=_person(request), actor=acting(request))
    return page(
        request, "accounts/recovery_codes.html", title=_("Recovery codes"), codes=codes,
        onward=place(request, "accounts_security"),
    )  # fmt: skip


@never_cache
@sensitive_post_parameters("old", "password", "again")
@require_http_methods(["GET", "POST"])
def change_password(request: HttpRequest) -> HttpResponse:
    """The old password, the new one twice; a fresh second factor was asked for on the way here."""
    here, error, status = _here(request), "", 200
    if request.method == "POST":
        try:
            services.change_password(
                user=here.user,
                old=request.POST.get("old", ""),
                new=typed_twice(request),
                origin=origin_of(request),
            )
        except ProblemError as refusal:
            error = said(refusal)
            status = 429 if isinstance(refusal, services.TooManyAttempts) else 200
        else:
            messages.success(
                request, _("Your password is changed; your other sessions have ended.")
            )
            return renewed(request, here.user, here)
    return page(
        request, "accounts/change_password.html", title=_("Change password"), error=error,
        status=status,
    )  # fmt: skip
