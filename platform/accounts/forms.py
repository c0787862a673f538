"""Forms of the people and client pages; the rules are in `accounts.services`."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminEmailInputWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.choices import BANK_ROLES, OPS_ROLES, Role
from accounts.models import User
from core.tenancy import PUBLIC_SCHEMA, current_schema


def role_choices() -> list[tuple[str, Any]]:
    """Roles that exist in the scope in force."""
    known = OPS_ROLES if current_schema() == PUBLIC_SCHEMA else BANK_ROLES
    return [(value, label) for value, label in Role.choices if value in known]


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]
    roles = forms.MultipleChoiceField(
        label=_("Roles"), choices=role_choices, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )

    class Meta:
        model = User
        fields = ("email", "name", "roles")
        widgets = {"email": UnfoldAdminEmailInputWidget, "name": UnfoldAdminTextInputWidget}


class SignInForm(forms.Form):
    """E-mail and password; the names are those that password managers look for."""

    username = forms.CharField(
        label=_("E-mail"),
        max_length=254,
        widget=UnfoldAdminTextInputWidget(
            attrs={"autocomplete": "username webauthn", "autofocus": True}
        ),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=1024,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "current-password"}),
    )


class RulesForm(forms.Form):
    """Rules of sign-in; ranges are the service's affair."""

    idle_minutes = forms.IntegerField(
        label=_("Idle minutes until a session ends"), widget=UnfoldAdminIntegerFieldWidget
    )
    absolute_hours = forms.IntegerField(
        label=_("Hours a session lasts at most"), widget=UnfoldAdminIntegerFieldWidget
    )
    fresh_minutes = forms.IntegerField(
        label=_("Minutes a second factor stays fresh"),
        help_text=_("Approvals, roles, secrets and erasures ask for it again after that."),
        widget=UnfoldAdminIntegerFieldWidget,
    )
