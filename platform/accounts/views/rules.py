"""The rules of sign-in of a bank, or of the platform: an administrator's page."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import services
from accounts.forms import RulesForm
from accounts.views.pages import page, place
from core.errors import ProblemError
from core.request import acting

NAMES = ("idle_minutes", "absolute_hours", "fresh_minutes")


@never_cache
@require_http_methods(["GET", "POST"])
def rules(request: HttpRequest) -> HttpResponse:
    """How long sessions live, how fresh a factor has to be."""
    if not request.user.has_perm("accounts.rules.change"):
        raise PermissionDenied
    now = services.current_rules()
    form = RulesForm(request.POST or None, initial={name: getattr(now, name) for name in NAMES})
    if request.method == "POST" and form.is_valid():
        try:
            services.change_rules(**form.cleaned_data, actor=acting(request))
        except ProblemError as error:
            for each in error.errors:
                form.add_error(each.pointer.strip("/"), _(each.detail))
        else:
            messages.success(
                request, _("The rules of sign-in are changed, also for open sessions.")
            )
            return HttpResponseRedirect(place(request, "accounts_rules"))
    return page(request, "accounts/rules.html", title=_("Rules of sign-in"), form=form)
