"""The ops console: banks by health, onboarding, plans and use. Counts only, never a bank's rows."""

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from core.console import PolicyAdmin, ServicePage, ops_site
from core.console.navigation import Panel, add_panels
from core.request import acting
from tenants import selectors, services
from tenants.admin.questions import DateBox, asked
from tenants.admin.usage import usage_figure
from tenants.choices import BankState
from tenants.forms import OnboardForm
from tenants.models import Bank, Plan
from tenants.quotas import QUOTAS
from tenants.schema_display import LABELS, SchemaFilter, schema_label, schema_text
from tenants.spec import parse_spec

STATE_LABELS = {
    BankState.PROVISIONING: "info",
    BankState.ACTIVE: "success",
    BankState.SUSPENDED: "warning",
    BankState.CLOSING: "danger",
    BankState.CLOSED: "danger",
}


class BankAdmin(ServicePage, PolicyAdmin):
    view_permission = "tenants.bank.view"
    add_permission = "tenants.bank.change"
    list_display = (
        "name", "slug", "show_state", "show_schema", "plan", "jurisdiction", "time_zone", "created_at",
    )  # fmt: skip
    list_filter: ClassVar[list[Any]] = ["state", SchemaFilter, "plan", "jurisdiction"]
    list_select_related = ("plan", "migration")
    search_fields = ("name", "slug")
    readonly_fields = (
        "name", "slug", "schema_name", "state", "plan", "jurisdiction", "currency", "time_zone", "language",
        "show_schema_text", "created_at",
    )  # fmt: skip
    actions_detail: ClassVar[list[str]] = [
        "suspend",
        "resume",
        "plan_change",
        "quota_change",
        "offboard",
    ]
    change_form_template = "tenants/bank.html"

    @display(description=_("State"), ordering="state", label=STATE_LABELS)
    def show_state(self, bank: Bank) -> tuple[str, str]:
        return bank.state, bank.get_state_display()

    @display(description=_("Schema"), ordering="schema_version", label=LABELS)
    def show_schema(self, bank: Bank) -> tuple[str, str]:
        return schema_label(bank)

    @display(description=_("Schema"))
    def show_schema_text(self, bank: Bank) -> str:
        return schema_text(bank)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.readonly_fields if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj:
            return [(None, {"fields": self.readonly_fields})]
        return [
            (_("Bank"), {"fields": ("slug", "name", "plan", "jurisdiction", "currency", "time_zone", "language")}),
            (_("First people and systems"), {
                "fields": ("administrator_name", "administrator_email", "client_scopes"),
            }),
        ]  # fmt: skip

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is None:
            kwargs["form"] = OnboardForm
            kwargs["fields"] = None
        return super().get_form(request, obj, change=change, **kwargs)

    def _save_by_service(self, request: HttpRequest, form: Any, obj: Any) -> None:
        form.cleaned_data = {"spec": form.spec_data(), **form.cleaned_data}
        super()._save_by_service(request, form, obj)

    def add_by_service(self, request: HttpRequest, data: dict[str, Any]) -> Bank:
        bank, job = services.request_onboarding(
            spec=parse_spec(data["spec"]),
            actor=acting(request),
            base_url=f"{request.scheme}://{data['slug']}.{request.get_host().split('.', 1)[-1]}",
        )
        bank.onboarding_job = job.id  # type: ignore[attr-defined]
        return bank

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        messages.success(request, _("%(bank)s is being onboarded.") % {"bank": obj})
        return redirect(reverse("ops:jobs_job_change", args=[obj.onboarding_job]))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        bank = self.get_object(request, object_id)
        context = {
            **(extra_context or {}),
            "overview": selectors.bank_overview(object_id),
            "quotas": usage_figure(bank.schema_name) if bank else "",
        }
        return super().change_view(request, object_id, form_url, context)  # type: ignore[no-any-return]

    def has_bank_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._holds(request, "tenants.bank.change")

    @action(description=_("Suspend"), url_path="suspend", permissions=["bank"])
    def suspend(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._change_state(request, object_id, BankState.SUSPENDED)

    @action(description=_("Resume"), url_path="resume", permissions=["bank"])
    def resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._change_state(request, object_id, BankState.ACTIVE)

    def _bank(self, request: HttpRequest, object_id: str) -> Bank:
        bank: Bank | None = self.get_object(request, object_id)
        if bank is None:
            raise Http404
        return bank

    def _change_state(self, request: HttpRequest, object_id: str, state: BankState) -> HttpResponse:
        bank = self._bank(request, object_id)
        title = _("Change the state of this bank to: %(state)s") % {"state": state.label}
        return asked(
            request, bank, site=self.admin_site, title=title,
            fields={"answer": forms.CharField(label=_("Reason"), max_length=500)},
            run=lambda data: _now(
                services.change_state(
                    slug=bank.slug, state=state, reason=data["answer"], actor=acting(request)
                )
            ),
        )  # fmt: skip

    @action(description=_("Change the plan"), url_path="plan", permissions=["bank"])
    def plan_change(self, request: HttpRequest, object_id: str) -> HttpResponse:
        bank = self._bank(request, object_id)
        choices = [(plan.code, plan.name) for plan in Plan.objects.all()]
        field = forms.ChoiceField(label=_("Plan"), choices=choices, initial=bank.plan.code)
        return asked(
            request, bank, site=self.admin_site, title=str(_("Change the plan of this bank")),
            fields={"answer": field},
            run=lambda data: _now(
                services.change_plan(slug=bank.slug, plan=data["answer"], actor=acting(request))
            ),
        )  # fmt: skip

    @action(description=_("Grant a quota"), url_path="quota", permissions=["bank"])
    def quota_change(self, request: HttpRequest, object_id: str) -> HttpResponse:
        bank = self._bank(request, object_id)

        def run(data: dict[str, Any]) -> str:
            services.grant_override(slug=bank.slug, actor=acting(request), **data)
            return str(_("Granted: in force within five seconds, as long as it is dated."))

        fields: dict[str, forms.Field] = {
            "quota": forms.ChoiceField(
                label=_("Quota"), choices=[(q.code, q.label) for q in QUOTAS.values()]
            ),
            "limit": forms.IntegerField(
                label=_("Limit"), min_value=0, required=False, help_text=_("Empty: no limit.")
            ),
            "valid_from": forms.DateField(label=_("From"), widget=DateBox()),
            "valid_to": forms.DateField(
                label=_("Until and including"), required=False, widget=DateBox()
            ),
            "reason": forms.CharField(label=_("Reason"), max_length=500),
        }
        title = str(_("Another limit for this bank than its plan's"))
        return asked(request, bank, site=self.admin_site, title=title, fields=fields, run=run)

    def has_offboard_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._holds(request, "tenants.bank.offboard")

    @action(description=_("Off-board"), url_path="offboard", permissions=["offboard"])
    def offboard(self, request: HttpRequest, object_id: str) -> HttpResponse:
        bank = self._bank(request, object_id)

        def run(data: dict[str, Any]) -> str:
            services.request_offboarding(
                slug=bank.slug,
                reason=data["reason"],
                recipient_key=data["recipient_key"],
                actor=acting(request),
            )
            return str(_("Requested: another operator has to approve it under Off-boardings."))

        key = forms.CharField(
            label=_("Public key of the bank (X25519, PEM)"),
            help_text=_("Only who holds its private half can read what the bank had encrypted."),
            widget=forms.Textarea(attrs={"rows": 4}),
        )
        reason = forms.CharField(label=_("Reason"), max_length=500)
        return asked(
            request, bank, site=self.admin_site, run=run,
            title=str(_("Ask for the end of this bank: export, waiting time, drop.")),
            fields={"reason": reason, "recipient_key": key},
        )  # fmt: skip


def _now(bank: Bank) -> str:
    text = _("%(bank)s is now %(state)s, plan %(plan)s.")
    return text % {"bank": bank, "state": bank.get_state_display(), "plan": bank.plan}


class PlanAdmin(PolicyAdmin):
    view_permission = "tenants.bank.view"
    list_display = ("name", "code", "show_modules")
    search_fields = ("name", "code")

    @display(description=_("Modules"))
    def show_modules(self, plan: Plan) -> str:
        return ", ".join(plan.modules)


ops_site.register(Bank, BankAdmin)
ops_site.register(Plan, PlanAdmin)


def banks_panel(request: HttpRequest) -> str:
    """The overview page's table of banks."""
    overviews = selectors.bank_overviews()
    return render_to_string("tenants/panel.html", {"banks": overviews}, request=request)


add_panels("ops", Panel("tenants.banks", "tenants.bank.view", banks_panel, order=10))
