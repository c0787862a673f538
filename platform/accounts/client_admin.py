"""The page of API clients: what a bank's systems may do, how they log in, and their secrets."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from accounts import services
from accounts.client_forms import ClientForm, rules_of
from accounts.models import ApiClient
from core.clock import now
from core.console import PolicyAdmin, ServicePage
from core.console.csv_list import Cells, CsvList
from core.request import acting


class ClientAdmin(CsvList, ServicePage, PolicyAdmin):
    """A bank's systems and what they may do. A secret is shown once."""

    view_permission = "accounts.client.view"
    add_permission = "accounts.client.change"
    change_permission = "accounts.client.change"
    form = ClientForm
    list_display = (
        "name", "client_id", "method", "show_scopes", "show_active", "expires_at", "last_used_at", "created",
    )  # fmt: skip
    list_filter: ClassVar[list[Any]] = ["is_active", "method"]
    search_fields = ("name", "client_id")
    ordering = ("name", "id")
    readonly_fields = (
        "show_secrets",
        "client_id",
        "is_active",
        "last_used_at",
        "created_by",
        "created",
    )
    actions_detail: ClassVar[list[str]] = ["rotate_slowly", "rotate", "end_old_secrets", "revoke"]
    csv_header: Sequence[str] = (
        "name", "client_id", "method", "scopes", "networks", "active", "expires_at", "last_used_at",
    )  # fmt: skip

    def csv_row(self, row: ApiClient) -> Cells:
        return (
            row.name, row.client_id, row.method, " ".join(row.allowed_scopes), " ".join(row.networks),
            str(row.is_active), _moment(row.expires_at), _moment(row.last_used_at),
        )  # fmt: skip

    @display(description=_("Scopes"))
    def show_scopes(self, client: ApiClient) -> str:
        return ", ".join(client.allowed_scopes)

    @display(description=_("Active"), boolean=True)
    def show_active(self, client: ApiClient) -> bool:
        expired = client.expires_at is not None and client.expires_at <= now()
        return bool(client.is_active) and not expired

    @display(description=_("Secrets"))
    def show_secrets(self, client: ApiClient) -> str:
        rows = list(client.secrets.all()[:10]) if client.pk else []
        return render_to_string("accounts/secrets.html", {"rows": rows, "moment": now()})

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A revoked client stays as it was."""
        return super().has_change_permission(request, obj) and (obj is None or obj.is_active)

    def add_by_service(self, request: HttpRequest, data: dict[str, Any]) -> ApiClient:
        client, secret = services.create_client(
            name=data["name"],
            scopes=data["allowed_scopes"],
            rules=rules_of(data),
            actor=acting(request),
        )
        if secret:
            self._show_secret(request, client.client_id, secret)
        return client

    def change_by_service(
        self, request: HttpRequest, obj: ApiClient, data: dict[str, Any]
    ) -> ApiClient:
        return services.change_client(
            client_id=obj.client_id,
            name=data["name"],
            scopes=data["allowed_scopes"],
            rules=rules_of(data),
            actor=acting(request),
        )

    def _show_secret(self, request: HttpRequest, client_id: str, secret: str) -> None:
        text = _("Client id %(id)s, secret %(secret)s. The secret is shown this once.")
        messages.warning(request, text % {"id": client_id, "secret": secret})

    def has_rotate_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._holds(request, self.add_permission)

    def _client(self, request: HttpRequest, object_id: str) -> ApiClient:
        client: ApiClient | None = self.get_object(request, object_id)
        if client is None:
            raise Http404
        return client

    @action(
        description=_("New secret, old one for a while"),
        url_path="rotate-slowly",
        permissions=["rotate"],
    )
    def rotate_slowly(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._rotate(
            request,
            object_id,
            overlap=timedelta(hours=settings.CLIENT_SECRET_OVERLAP_HOURS),
            question=_("Make a new secret? The old one works for %(hours)s hours more.")
            % {"hours": settings.CLIENT_SECRET_OVERLAP_HOURS},
        )

    @action(description=_("New secret"), url_path="rotate", permissions=["rotate"])
    def rotate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._rotate(
            request,
            object_id,
            overlap=timedelta(0),
            question=_("Make a new secret? The old one stops working at once."),
        )

    def _rotate(
        self, request: HttpRequest, object_id: str, *, overlap: timedelta, question: Any
    ) -> HttpResponse:
        client_id = self._client(request, object_id).client_id

        def run() -> str:
            secret = services.rotate_secret(
                client_id=client_id, overlap=overlap, actor=acting(request)
            )
            self._show_secret(request, client_id, secret)
            return str(
                _("The old secret works until its end.")
                if overlap
                else _("The old secret no longer works.")
            )

        return self.confirmed(request, object_id, question=question, run=run)

    @action(description=_("End old secrets"), url_path="end-old-secrets", permissions=["rotate"])
    def end_old_secrets(self, request: HttpRequest, object_id: str) -> HttpResponse:
        client = self._client(request, object_id)

        def run() -> str:
            ended = services.end_old_secrets(client_id=client.client_id, actor=acting(request))
            return str(_("%(number)s secrets were ended.") % {"number": ended})

        return self.confirmed(
            request, object_id, question=_("End every secret but the newest, now?"), run=run
        )

    @action(description=_("Revoke"), url_path="revoke", permissions=["rotate"])
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        client_id = self._client(request, object_id).client_id

        def run() -> str:
            services.revoke_client(client_id=client_id, actor=acting(request))
            return str(_("The client is revoked and its tokens are gone."))

        return self.confirmed(
            request, object_id, question=_("Revoke this client for good?"), run=run
        )


def _moment(value: Any) -> str:
    return value.isoformat(timespec="seconds") if value else ""
