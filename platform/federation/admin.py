"""The page of single sign-on: one row a bank."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from core.console import PolicyAdmin, ServicePage, bank_site, ops_site
from core.request import acting
from federation import services
from federation.forms import ProviderForm, rules_of
from federation.models import Provider


class ProviderAdmin(ServicePage, PolicyAdmin):
    """A bank's identity provider and what its word counts for."""

    view_permission = "federation.view"
    add_permission = "federation.change"
    change_permission = "federation.change"
    form = ProviderForm
    list_display = ("name", "issuer", "is_active", "is_enforced", "updated_at")
    readonly_fields = ("show_addresses", "updated_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        if not super().has_add_permission(request):
            return False
        # Every page asks this for its menu: only the provider's own pages ask the database.
        match = request.resolver_match
        here = match is not None and (match.url_name or "").startswith("federation_provider")
        return not (here and Provider.objects.exists())

    @display(description=_("To be set at the identity provider"))
    def show_addresses(self, provider: Provider) -> str:
        names = ("sso_callback", "sso_backchannel", "sso_keys")
        places = [reverse(name) for name in names]
        return format_html(
            "{}: <code>{}</code><br>{}: <code>{}</code><br>{}: <code>{}</code>",
            _("Redirect address"), places[0], _("Back-channel logout"), places[1],
            _("Our public keys"), places[2],
        )  # fmt: skip

    def add_by_service(self, request: HttpRequest, data: dict[str, Any]) -> Provider:
        return services.save_provider(rules=rules_of(data), actor=acting(request))

    def change_by_service(
        self, request: HttpRequest, obj: Provider, data: dict[str, Any]
    ) -> Provider:
        return services.save_provider(rules=rules_of(data), actor=acting(request))


for site in (bank_site, ops_site):
    site.register(Provider, ProviderAdmin)
