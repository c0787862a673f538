"""The form of single sign-on; its rules are in `federation.services.provider`."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from federation.models import Provider
from federation.services import ProviderRules


def _lines(label: Any, help_text: Any = "", rows: int = 3) -> forms.CharField:
    return forms.CharField(
        label=label, required=False, max_length=10_000, help_text=help_text,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": rows}),
    )  # fmt: skip


_TEXTS = ("name", "issuer", "client_id", "role_claim", "link_claim")
_SWITCHES = ("creates_people", "trusts_second_factor", "is_active", "is_enforced")


class ProviderForm(forms.ModelForm):  # type: ignore[type-arg]
    secret = forms.CharField(
        label=_("Secret"), required=False, strip=True, max_length=500,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "type": "password"}),
        help_text=_("Kept encrypted and never shown. Empty: the one there is stays."),
    )  # fmt: skip
    scopes = _lines(_("Scopes"), _("Separated by spaces."), rows=1)
    role_map = _lines(_("Roles by value"), _("One a line: value of the claim = role."), rows=5)
    email_domains = _lines(_("E-mail domains"), _("One a line. Empty: any."))
    second_factor_values = _lines(
        _("Values of acr and amr that mean a second factor"), _("Separated by spaces."), rows=1
    )

    class Meta:
        model = Provider
        fields = (
            "name", "issuer", "client_id", "method", "scopes", "role_claim", "role_map",
            "email_domains", "creates_people", "link_claim", "trusts_second_factor",
            "second_factor_values", "is_active", "is_enforced",
        )  # fmt: skip
        widgets = {
            **dict.fromkeys(_TEXTS, UnfoldAdminTextInputWidget),
            **dict.fromkeys(_SWITCHES, UnfoldBooleanSwitchWidget),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row = self.instance if self.instance is not None else Provider()
        self.initial["scopes"] = " ".join(row.scopes)
        self.initial["second_factor_values"] = " ".join(row.second_factor_values)
        self.initial["email_domains"] = "\n".join(row.email_domains)
        self.initial["role_map"] = "\n".join(f"{v} = {r}" for v, r in row.role_map.items())

    def clean_role_map(self) -> dict[str, str]:
        found = {}
        for line in self.cleaned_data["role_map"].splitlines():
            value, equals, role = line.rpartition("=")
            if line.strip() and not equals:
                raise forms.ValidationError(_("Write each line as: value = role."))
            if line.strip():
                found[value.strip()] = role.strip()
        return found


def rules_of(data: dict[str, Any]) -> ProviderRules:
    """What a filled form says."""
    lists = {
        name: tuple(data[name].split())
        for name in ("scopes", "email_domains", "second_factor_values")
    }
    return ProviderRules(**{**data, **lists})
