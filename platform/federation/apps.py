from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FederationConfig(AppConfig):
    name = "federation"
    verbose_name = _("Single sign-on")

    def ready(self) -> None:
        from accounts import policies
        from accounts.choices import Role
        from accounts.sign_in_rules import register_password_rule
        from accounts.sign_in_ways import register_way
        from core.console.navigation import NavItem, add_items
        from core.console.step_up import require_fresh
        from federation.services import password_refusal, way_in

        policies.register(
            "federation.view", roles={Role.BANK_ADMIN, Role.COMPLIANCE, Role.OPERATOR}
        )
        policies.register("federation.change", roles={Role.BANK_ADMIN, Role.OPERATOR})
        policies.register_scope("scim", "Create, change and disable people (SCIM 2.0)")
        policies.register("federation.scim", roles=(), scope="scim")
        register_password_rule("single_sign_on", password_refusal)
        register_way("single_sign_on", way_in)
        require_fresh("federation_provider_add", "federation_provider_change", on="post")
        require_fresh("sso_link")
        for site in ("bank", "ops"):
            add_items(
                site,
                NavItem(
                    _("Single sign-on"), "passkey", "federation_provider_changelist", "federation.view",
                    _("Administration"), 82,
                ),
            )  # fmt: skip
