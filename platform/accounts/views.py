"""The one page that is open without a login: setting the first password."""

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.services import accept_invitation, find_invitation
from core.errors import ProblemError


@never_cache
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Show the form of an open invitation, and take the password."""
    found = find_invitation(token)
    errors: list[str] = []
    if found is not None and request.method == "POST":
        password = request.POST.get("password", "")
        if password != request.POST.get("again", ""):
            errors = ["The two passwords differ."]
        else:
            try:
                user = accept_invitation(token=token, password=password)
            except ProblemError as error:
                errors = [e.detail for e in error.errors] or [error.detail]
            else:
                login(request, user, backend="accounts.backends.BankBackend")
                return redirect("/admin/")
    context = {"invitation": found, "errors": errors, "bank": getattr(request, "bank", None)}
    return render(request, "accounts/invitation.html", context, status=200 if found else 404)
