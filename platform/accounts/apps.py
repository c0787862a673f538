from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

HOUR = 3600.0


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People and clients")

    def ready(self) -> None:
        from accounts import openapi, permissions  # noqa: F401 - openapi registers itself
        from accounts.services import metering
        from accounts.upkeep import remove_expired
        from core.console.navigation import NavItem, add_account_links, add_items
        from core.console.step_up import require_fresh
        from core.ticks import Tick, register_tick

        permissions.register_all()
        metering.register_meters()
        require_fresh(
            "accounts_user_add", "accounts_user_change", "accounts_apiclient_add",
            "accounts_apiclient_change", "accounts_rules", on="post",
        )  # fmt: skip
        require_fresh(
            "accounts_user_disable", "accounts_user_enable", "accounts_user_invite_again",
            "accounts_user_reset_factors", "accounts_user_seal", "accounts_user_withdraw_seal",
            "accounts_user_end_sessions",
            "accounts_apiclient_rotate", "accounts_apiclient_rotate_slowly",
            "accounts_apiclient_end_old_secrets", "accounts_apiclient_revoke",
            "accounts_factor_remove", "accounts_codes_renew", "password_change",
        )  # fmt: skip
        register_tick(Tick("accounts.expired", HOUR, remove_expired))
        for site in ("bank", "ops"):
            add_account_links(site, (_("Sign-in and security"), "accounts_security"))
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
                NavItem(
                    _("Rules of sign-in"), "shield_lock", "accounts_rules", "accounts.rules.change",
                    _("Administration"), 82,
                ),
            )  # fmt: skip
