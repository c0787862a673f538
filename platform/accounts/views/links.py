"""Pages that open by a mailed link: the first password, and a new one."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import services
from accounts.browser import bind, current_sign_in, origin_of
from accounts.choices import Proof
from accounts.models import User
from accounts.views.pages import go, page, place, renewed, said, typed_twice
from core.errors import ProblemError


@never_cache
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Show the form of an open invitation, and take the password."""
    found = services.find_invitation(token)
    errors: list[str] = []
    if found is not None and request.method == "POST":
        try:
            user = services.accept_invitation(token=token, password=typed_twice(request))
        except ProblemError as error:
            errors = [_(each.detail) for each in error.errors] or [_(error.detail)]
        else:
            row = services.begin_sign_in(
                user=user, first_factor=Proof.INVITATION, origin=origin_of(request)
            )
            bind(request, row)
            return go(request, "accounts_second_step")
    context = {"invitation": found, "errors": errors, "bank": getattr(request, "bank", None)}
    return render(request, "accounts/invitation.html", context, status=200 if found else 404)


@never_cache
@require_http_methods(["GET", "POST"])
def ask_reset(request: HttpRequest) -> HttpResponse:
    """Ask for a mailed link; the answer is the same whoever is asked for."""
    if request.method == "POST":
        services.request_reset(
            email=request.POST.get("email", "")[:254],
            origin=origin_of(request),
            base_url=request.build_absolute_uri("/"),
        )
    return page(
        request, "accounts/ask_reset.html", title=_("A new password"),
        asked=request.method == "POST",
    )  # fmt: skip


@never_cache
@require_http_methods(["GET", "POST"])
def reset(request: HttpRequest, token: str) -> HttpResponse:
    """By the link to the second step, and only after that to the new password. Looking changes nothing."""
    found = services.find_reset(token)
    here = current_sign_in(request)
    proved = found is not None and here is not None and here.is_assured
    if found is None or here is None or not proved or here.user_id != found.user_id:
        if found is not None and request.method == "POST":
            return _to_second_step(request, found.user)
        return page(
            request, "accounts/reset.html", title=_("A new password"), found=found, form=False,
            status=200 if found else 404,
        )  # fmt: skip
    if not services.is_fresh(here):
        return go(request, "accounts_prove")
    error = ""
    if request.method == "POST":
        try:
            password = typed_twice(request)
            user = services.finish_reset(reset=found, password=password)
        except ProblemError as refusal:
            error = said(refusal)
        else:
            messages.success(
                request, _("Your password is changed; your other sessions have ended.")
            )
            return renewed(request, user, here)
    return page(
        request, "accounts/reset.html", title=_("A new password"), found=found, form=True,
        error=error,
    )  # fmt: skip


def _to_second_step(request: HttpRequest, user: User) -> HttpResponse:
    row = services.begin_sign_in(user=user, first_factor=Proof.RESET, origin=origin_of(request))
    bind(request, row)
    address = f"{place(request, 'accounts_second_step')}?{urlencode({'next': request.path})}"
    return HttpResponseRedirect(address)
