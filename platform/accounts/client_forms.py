"""The form of an API client; its rules are in `accounts.services.client_rules`."""

import json
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldAdminURLInputWidget,
)

from accounts import policies
from accounts.models import ApiClient
from accounts.services import ClientRules
from core.tenancy import PUBLIC_SCHEMA, current_schema

KEYS_LENGTH = 50_000


def scope_choices() -> list[tuple[str, str]]:
    """Scopes that mean something in the scope in force."""
    operators = current_schema() == PUBLIC_SCHEMA
    known = policies.scopes() if operators else policies.bank_scopes()
    return [(scope, f"{scope} — {text}") for scope, text in sorted(known.items())]


class ClientForm(forms.ModelForm):  # type: ignore[type-arg]
    allowed_scopes = forms.MultipleChoiceField(
        label=_("Scopes"), choices=scope_choices, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )
    jwks = forms.CharField(
        label=_("Public keys (JWK set)"), required=False, max_length=KEYS_LENGTH,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 6}),
        help_text=_("For signed assertions: the keys themselves, or their address below."),
    )  # fmt: skip
    jwks_uri = forms.CharField(
        label=_("Address of the public keys"), required=False, max_length=500,
        widget=UnfoldAdminURLInputWidget, help_text=_("https only; fetched anew every five minutes."),
    )  # fmt: skip
    networks = forms.CharField(
        label=_("Networks"), required=False, max_length=6000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("One a line, like 203.0.113.0/24 or 2001:db8::/32. Empty: from anywhere."),
    )  # fmt: skip
    token_seconds = forms.IntegerField(
        label=_("Seconds a token lives"), initial=3600, widget=UnfoldAdminIntegerFieldWidget
    )
    expires_at = forms.SplitDateTimeField(
        label=_("Expires"), required=False, widget=UnfoldAdminSplitDateTimeWidget,
        help_text=_("From then on neither the client nor any of its tokens works."),
    )  # fmt: skip

    class Meta:
        model = ApiClient
        fields = (
            "name", "allowed_scopes", "method", "jwks", "jwks_uri", "networks", "token_seconds", "expires_at",
        )  # fmt: skip
        widgets = {"name": UnfoldAdminTextInputWidget}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        client = self.instance
        if client is not None and client.pk:
            self.initial["jwks"] = json.dumps(client.jwks, indent=1) if client.jwks else ""
            self.initial["networks"] = "\n".join(client.networks)

    def clean_jwks(self) -> dict[str, Any] | None:
        text = self.cleaned_data["jwks"].strip()
        if not text:
            return None
        try:
            found = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError(_("This is not JSON.")) from error
        if not isinstance(found, dict):
            raise forms.ValidationError(_("A key set is a JSON object with a list of keys."))
        return found

    def clean_networks(self) -> list[str]:
        return [line.strip() for line in self.cleaned_data["networks"].splitlines() if line.strip()]


def rules_of(data: dict[str, Any]) -> ClientRules:
    """What a filled form says."""
    return ClientRules(
        method=data["method"],
        jwks=data["jwks"],
        jwks_uri=data["jwks_uri"],
        networks=data["networks"],
        token_seconds=data["token_seconds"],
        expires_at=data["expires_at"],
    )
