"""The onboarding form; the rules are in `tenants.spec`."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminEmailInputWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from accounts import policies
from tenants.choices import Jurisdiction
from tenants.models import Bank, Plan


def _plans() -> list[tuple[str, str]]:
    return [(plan.code, plan.name) for plan in Plan.objects.all()]


def _zones() -> list[tuple[str, str]]:
    return [(zone, zone) for zone in sorted(available_timezones())]


def _scopes() -> list[tuple[str, str]]:
    return [(scope, scope) for scope in sorted(policies.bank_scopes())]


class OnboardForm(forms.ModelForm):  # type: ignore[type-arg]
    """Everything a new bank needs, in one page."""

    slug = forms.CharField(
        label=_("Short name"),
        help_text=_("Becomes the host and the schema."),
        widget=UnfoldAdminTextInputWidget,
    )
    name = forms.CharField(label=_("Name"), widget=UnfoldAdminTextInputWidget)
    plan = forms.ChoiceField(label=_("Plan"), choices=_plans, widget=UnfoldAdminSelectWidget)
    jurisdiction = forms.ChoiceField(
        label=_("Jurisdiction"), choices=Jurisdiction.choices, widget=UnfoldAdminSelectWidget
    )
    currency = forms.CharField(
        label=_("Currency"), initial="CNY", widget=UnfoldAdminTextInputWidget
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=_zones,
        initial="Asia/Shanghai",
        widget=UnfoldAdminSelectWidget,
    )
    language = forms.ChoiceField(
        label=_("Language"), choices=settings.LANGUAGES, widget=UnfoldAdminSelectWidget
    )
    administrator_name = forms.CharField(
        label=_("First administrator"), widget=UnfoldAdminTextInputWidget
    )
    administrator_email = forms.EmailField(label=_("E-mail"), widget=UnfoldAdminEmailInputWidget)
    client_scopes = forms.MultipleChoiceField(
        label=_("Scopes of the first API client"),
        choices=_scopes,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    class Meta:
        model = Bank
        fields: tuple[str, ...] = ()

    def spec_data(self) -> dict[str, Any]:
        """The cleaned form as `tenants.spec.parse_spec` wants it."""
        data = dict(self.cleaned_data)
        scopes = data.pop("client_scopes")
        data["administrator"] = {
            "name": data.pop("administrator_name"),
            "email": data.pop("administrator_email"),
        }
        data["client"] = {"name": "first client", "scopes": scopes} if scopes else None
        return data
