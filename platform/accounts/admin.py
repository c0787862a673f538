"""People and API clients, on both sites."""

from typing import Any, ClassVar

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from accounts import services
from accounts.choices import Role
from accounts.forms import ClientForm, PersonForm
from accounts.models import ApiClient, User
from core.console import PolicyAdmin, ServicePage, bank_site, ops_site
from core.request import acting


class PersonAdmin(ServicePage, PolicyAdmin):
    """Invite people and give them roles; nobody is deleted, only disabled."""

    view_permission = "accounts.user.view"
    add_permission = "accounts.user.change"
    change_permission = "accounts.user.change"
    form = PersonForm
    list_display = ("email", "name", "show_roles", "show_active", "last_login", "created_at")
    list_filter: ClassVar[list[Any]] = ["is_active"]
    search_fields = ("email", "name")
    actions_detail: ClassVar[list[str]] = ["disable", "enable", "invite_again"]

    @display(description=_("Roles"))
    def show_roles(self, person: User) -> str:
        return ", ".join(str(label) for value, label in Role.choices if value in person.roles)

    @display(description=_("Active"), boolean=True)
    def show_active(self, person: User) -> bool:
        return person.is_active

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


class ClientAdmin(ServicePage, PolicyAdmin):
    """A bank's systems and what they may do. A secret is shown once."""

    view_permission = "accounts.client.view"
    add_permission = "accounts.client.change"
    form = ClientForm
    list_display = ("name", "client_id", "show_scopes", "show_active", "created")
    list_filter: ClassVar[list[Any]] = ["is_active"]
    search_fields = ("name", "client_id")
    readonly_fields = ("client_id", "is_active", "created_by", "created")
    actions_detail: ClassVar[list[str]] = ["rotate", "revoke"]

    @display(description=_("Scopes"))
    def show_scopes(self, client: ApiClient) -> str:
        return ", ".join(client.allowed_scopes)

    @display(description=_("Active"), boolean=True)
    def show_active(self, client: ApiClient) -> bool:
        return bool(client.is_active)

    def add_by_service(self, request: HttpRequest, data: dict[str, Any]) -> ApiClient:
        client, secret = services.create_client(
            name=data["name"],
            scopes=data["allowed_scopes"],
            actor=acting(request),
        )
        self._show_secret(request, client.client_id, secret)
        return client

    def _show_secret(self, request: HttpRequest, client_id: str, secret: str) -> None:
        text = _("Client id %(id)s, secret %(secret)s. The secret is shown this once.")
        messages.warning(request, text % {"id": client_id, "secret": secret})

    def _holds_change(self, request: HttpRequest) -> bool:
        return self._holds(request, self.add_permission)

    def has_rotate_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._holds_change(request)

    def _client_id(self, request: HttpRequest, object_id: str) -> str:
        client = self.get_object(request, object_id)
        if client is None:
            raise Http404
        return str(client.client_id)

    @action(description=_("New secret"), url_path="rotate", permissions=["rotate"])
    def rotate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        client_id = self._client_id(request, object_id)

        def run() -> str:
            secret = services.rotate_secret(client_id=client_id, actor=acting(request))
            self._show_secret(request, client_id, secret)
            return str(_("The old secret no longer works."))

        question = _("Make a new secret? The old one stops working at once.")
        return self.confirmed(request, object_id, question=question, run=run)

    @action(description=_("Revoke"), url_path="revoke", permissions=["rotate"])
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        client_id = self._client_id(request, object_id)

        def run() -> str:
            services.revoke_client(client_id=client_id, actor=acting(request))
            return str(_("The client is revoked and its tokens are gone."))

        return self.confirmed(
            request, object_id, question=_("Revoke this client for good?"), run=run
        )


for site in (bank_site, ops_site):
    site.register(User, PersonAdmin)
    site.register(ApiClient, ClientAdmin)
