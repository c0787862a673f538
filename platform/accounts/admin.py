"""People and API clients, on both sites."""

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from accounts import services
from accounts.choices import EndReason, Role
from accounts.client_admin import ClientAdmin
from accounts.forms import PersonForm
from accounts.models import ApiClient, User
from accounts.pages import sign_in_pages
from accounts.selectors import open_sign_ins, own_factors
from core.console import PolicyAdmin, ServicePage, bank_site, ops_site, shown_errors
from core.request import acting


class PersonAdmin(ServicePage, PolicyAdmin):
    """Invite people and give them roles; nobody is deleted, only disabled."""

    view_permission = "accounts.user.view"
    add_permission = "accounts.user.change"
    change_permission = "accounts.user.change"
    form = PersonForm
    list_display = (
        "email", "name", "show_roles", "show_active", "show_emergency", "last_login", "created_at",
    )  # fmt: skip
    list_filter: ClassVar[list[Any]] = ["is_active"]
    search_fields = ("email", "name")
    actions_detail: ClassVar[list[Any]] = [
        "disable",
        "enable",
        "invite_again",
        {
            "title": _("Security"),
            "icon": "shield",
            "items": ["reset_factors", "end_sessions", "seal", "withdraw_seal"],
        },
    ]
    change_form_template = "accounts/person.html"

    @display(description=_("Roles"))
    def show_roles(self, person: User) -> str:
        return ", ".join(str(label) for value, label in Role.choices if value in person.roles)

    @display(description=_("Active"), boolean=True)
    def show_active(self, person: User) -> bool:
        return person.is_active

    @display(description=_("Emergency"), ordering="emergency_slot")
    def show_emergency(self, person: User) -> str:
        if person.emergency_slot is None:
            return "–"
        return str(_("sealed") if person.emergency_sealed_at else _("seal broken"))

    def get_urls(self) -> list[URLPattern]:
        end = path(
            "<uuid:object_id>/sessions/<uuid:sign_in_id>/end/",
            self.admin_site.admin_view(self.end_session),
            name="accounts_user_session_end",
        )
        return [end, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        person = self.get_object(request, object_id)
        context = dict(extra_context or {})
        if person is not None:
            may_end = self._holds(request, self.change_permission)
            context |= {
                "sessions": open_sign_ins(person),
                "factors": own_factors(person),
                "person": person,
                "subject": str(person.pk),
                "site_name": self.admin_site.name,
                "end_view": ":accounts_user_session_end" if may_end else "",
            }
        return super().change_view(request, object_id, form_url, context)  # type: ignore[no-any-return]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("email", "name") if obj else ()

    def add_by_service(self, request: HttpRequest, data: dict[str, Any]) -> User:
        person, _link = services.invite_person(
            email=data["email"],
            name=data["name"],
            roles=data["roles"],
            actor=acting(request),
            base_url=request.build_absolute_uri("/"),
            language=request.LANGUAGE_CODE or "en",
        )
        messages.info(
            request, _("An invitation was mailed to %(email)s.") % {"email": person.email}
        )
        return person

    def change_by_service(self, request: HttpRequest, obj: User, data: dict[str, Any]) -> User:
        return services.change_person(
            user_id=str(obj.pk), roles=data["roles"], actor=acting(request)
        )

    @action(description=_("Disable"), url_path="disable", permissions=["change"])
    def disable(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._set_active(request, object_id, is_active=False)

    @action(description=_("Enable"), url_path="enable", permissions=["change"])
    def enable(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._set_active(request, object_id, is_active=True)

    def _set_active(self, request: HttpRequest, object_id: str, *, is_active: bool) -> HttpResponse:
        def run() -> str:
            person = services.change_person(
                user_id=object_id, is_active=is_active, actor=acting(request)
            )
            return (_("%(name)s is enabled.") if is_active else _("%(name)s is disabled.")) % {
                "name": person
            }

        return self.confirmed(
            request, object_id, question=_("Change whether this person may log in?"), run=run
        )

    @action(description=_("Send a new invitation"), url_path="invite-again", permissions=["change"])
    def invite_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def run() -> str:
            services.invite_again(
                user_id=object_id,
                actor=acting(request),
                base_url=request.build_absolute_uri("/"),
            )
            return str(_("A new invitation was mailed."))

        return self.confirmed(
            request, object_id, question=_("Mail a new link to set a password?"), run=run
        )

    @action(description=_("Reset second factors"), url_path="reset-factors", permissions=["change"])
    def reset_factors(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def run() -> str:
            services.reset_factors(
                user_id=object_id,
                actor=acting(request),
                base_url=request.build_absolute_uri("/"),
            )
            return str(_("Factors and password are void; a new invitation was mailed."))

        question = _("Void this person's second factors, password and sessions?")
        return self.confirmed(request, object_id, question=question, run=run)

    @action(description=_("End all sessions"), url_path="end-sessions", permissions=["change"])
    def end_sessions(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def run() -> str:
            count = services.end_sign_ins(
                user=self._person(request, object_id),
                actor=acting(request),
                reason=EndReason.ENDED_BY_ADMIN,
            )
            return _("%(n)s sessions are ended.") % {"n": count}

        question = _("End every open session of this person?")
        return self.confirmed(request, object_id, question=question, run=run)

    def _person(self, request: HttpRequest, object_id: str) -> User:
        person: User | None = self.get_object(request, object_id)
        if person is None:
            raise Http404
        return person

    def end_session(self, request: HttpRequest, object_id: UUID, sign_in_id: UUID) -> HttpResponse:
        if not self._holds(request, self.change_permission):
            raise PermissionDenied
        person = self._person(request, str(object_id))
        if request.method == "POST":
            with shown_errors(request):
                services.end_sign_ins(
                    user=person,
                    actor=acting(request),
                    reason=EndReason.ENDED_BY_ADMIN,
                    only=str(sign_in_id),
                )
                messages.success(request, _("The session is ended."))
        back = f"{self.admin_site.name}:accounts_user_change"
        return HttpResponseRedirect(reverse(back, args=[person.pk]))

    def has_seal_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.bank is not None and self._holds(request, "accounts.emergency.change")  # type: ignore[attr-defined]

    @action(description=_("Seal for emergencies"), url_path="seal", permissions=["seal"])
    def seal(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def run() -> str:
            person, password = services.seal_emergency(user_id=object_id, actor=acting(request))
            text = _(
                "Sealed password of %(name)s: %(password)s. It is shown this once and opens once."
            )
            messages.warning(request, text % {"name": person, "password": password})
            return str(_("The emergency credential is sealed; the old one is void."))

        question = _("Make this person an emergency administrator with a new sealed password?")
        return self.confirmed(request, object_id, question=question, run=run)

    @action(description=_("End emergency role"), url_path="withdraw-seal", permissions=["seal"])
    def withdraw_seal(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def run() -> str:
            services.withdraw_emergency(user_id=object_id, actor=acting(request))
            return str(_("The sealed password is void; the person needs a new invitation."))

        question = _("Let this person be an ordinary administrator again?")
        return self.confirmed(request, object_id, question=question, run=run)


for site in (bank_site, ops_site):
    site.register(User, PersonAdmin)
    site.register(ApiClient, ClientAdmin)
    site.add_pages(sign_in_pages)
