"""What single sign-on means for the login page."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.sign_in_ways import Way
from federation.services.provider import active_provider


def password_refusal(person: Any) -> str:
    """Why a person takes no password here: single sign-on is the only way in. "" otherwise."""
    provider = active_provider()
    if provider is None or not provider.is_enforced:
        return ""
    return _("Log in with %(name)s.") % {"name": provider.name}


def way_in() -> Way | None:
    """The button on the login page."""
    provider = active_provider()
    if provider is None:
        return None
    return Way(_("Log in with %(name)s") % {"name": provider.name}, reverse("sso_start"))
