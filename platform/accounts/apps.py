from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People and clients")

    def ready(self) -> None:
        from accounts import openapi, permissions  # noqa: F401 - openapi registers itself
        from core.console.navigation import NavItem, add_items

        permissions.register_all()
        for site in ("bank", "ops"):
            add_items(
                site,
                NavItem(
                    _("People"), "group", "accounts_user_changelist", "accounts.user.view",
                    _("Administration"), 80,
                ),
                NavItem(
                    _("API clients"), "key", "accounts_apiclient_changelist", "accounts.client.view",
                    _("Administration"), 81,
                ),
            )  # fmt: skip
