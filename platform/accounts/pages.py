"""Addresses of the pages of sign-in below /admin/. Those without `inside` take a visitor who is nobody yet."""

from django.urls import URLPattern, path

from accounts.views import enrol, links, own, rules, sign_in
from core.console.sites import PanoramaSite


def sign_in_pages(site: PanoramaSite) -> list[URLPattern]:
    inside = site.admin_view
    return [
        path("login/", sign_in.log_in, name="login"),
        path("logout/", sign_in.log_out, name="logout"),
        path("second-step/", sign_in.second_step, name="accounts_second_step"),
        path("second-step/enrol/", enrol.enrol, name="accounts_enrol"),
        path("passkey/ask/", sign_in.ask_passkey, name="accounts_passkey_ask"),
        path("passkey/show/", sign_in.show_passkey, name="accounts_passkey_show"),
        path("passkey/ask-new/", enrol.ask_new_passkey, name="accounts_passkey_ask_new"),
        path("passkey/new/", enrol.new_passkey, name="accounts_passkey_new"),
        path("password-reset/", links.ask_reset, name="accounts_ask_reset"),
        path("password-reset/<str:token>/", links.reset, name="accounts_reset"),
        path("confirm/", sign_in.prove, name="accounts_prove"),
        path("security/", inside(own.security), name="accounts_security"),
        path(
            "security/sessions/<uuid:sign_in_id>/end/",
            inside(own.end_session),
            name="accounts_session_end",
        ),
        path("security/sessions/end-others/", inside(own.end_others), name="accounts_end_others"),
        path(
            "security/factors/<slug:kind>/<uuid:factor_id>/remove/",
            inside(own.remove_factor),
            name="accounts_factor_remove",
        ),
        path("security/codes/", inside(own.renew_codes), name="accounts_codes_renew"),
        path("password_change/", inside(own.change_password), name="password_change"),
        path("security-rules/", inside(rules.rules), name="accounts_rules"),
    ]
