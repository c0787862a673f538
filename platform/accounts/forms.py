"""Forms of the people and client pages; the rules are in `accounts.services`."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminEmailInputWidget,
    UnfoldAdminTextInputWidget,
)

from accounts import policies
from accounts.choices import BANK_ROLES, OPS_ROLES, Role
from accounts.models import ApiClient, User
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


def scope_choices() -> list[tuple[str, str]]:
    operators = current_schema() == PUBLIC_SCHEMA
    known = policies.scopes() if operators else policies.bank_scopes()
    return [(scope, f"{scope} — {text}") for scope, text in sorted(known.items())]


class ClientForm(forms.ModelForm):  # type: ignore[type-arg]
    allowed_scopes = forms.MultipleChoiceField(
        label=_("Scopes"), choices=scope_choices, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )

    class Meta:
        model = ApiClient
        fields = ("name", "allowed_scopes")
        widgets = {"name": UnfoldAdminTextInputWidget}
