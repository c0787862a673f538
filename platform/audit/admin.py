"""The audit trail on both sites: to be read, searched and filtered, and nothing else."""

import json
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import FieldTextFilter, RangeDateTimeFilter
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from audit import selectors, services
from audit.models import AuditEntry
from core.console import PolicyAdmin, bank_site, ops_site

KIND_LABELS = {"user": "info", "client": "primary", "system": "default", "ops": "warning"}


class AuditEntryAdmin(PolicyAdmin):
    """Never counts the table and never sorts but by key, so it stays quick with a hundred million entries."""

    view_permission = "audit.view"
    list_display = ("show_at", "show_kind", "actor_label", "action", "show_target", "personal")
    list_display_links = ("show_at",)
    list_filter: ClassVar[list[Any]] = [
        ("at", RangeDateTimeFilter),
        "personal",
        ("action", FieldTextFilter),
        ("actor_label", FieldTextFilter),
        ("target", FieldTextFilter),
    ]
    search_fields = ("=target_id", "=actor_id", "=request_id")
    search_help_text = _("The exact id of an object, an actor or a request")
    ordering = ("-id",)
    sortable_by = ()
    paginator = InfinitePaginator
    list_before_template = "audit/status.html"
    fields = (
        "show_at",
        "show_kind",
        "actor_label",
        "actor_id",
        "action",
        "target",
        "target_id",
        "show_detail",
        "personal",
        "request_id",
        "show_seal",
    )
    readonly_fields = fields

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        context = {**(extra_context or {}), "trail": services.trail_status()}
        return super().changelist_view(request, context)  # type: ignore[no-any-return]

    @display(description=_("Time"))
    def show_at(self, entry: AuditEntry) -> str:
        return date_format(localtime(entry.at), "Y-m-d H:i:s")

    @display(description=_("Kind of actor"), label=KIND_LABELS)
    def show_kind(self, entry: AuditEntry) -> str:
        return entry.actor_kind

    @display(description=_("Object"))
    def show_target(self, entry: AuditEntry) -> str:
        return f"{entry.target} {entry.target_id}"

    @display(description=_("Detail"))
    def show_detail(self, entry: AuditEntry) -> SafeString:
        text = json.dumps(entry.detail, indent=2, ensure_ascii=False, sort_keys=True)
        return format_html('<pre class="whitespace-pre-wrap">{}</pre>', text)

    @display(description=_("Seal"))
    def show_seal(self, entry: AuditEntry) -> str:
        seal = selectors.seal_of("audit", entry.pk)
        if seal is None:
            return str(_("waiting"))
        at = date_format(localtime(seal.sealed_at), "Y-m-d H:i:s")
        return str(_("number %(seq)s, %(at)s")) % {"seq": seal.seq, "at": at}


for _site in (bank_site, ops_site):
    _site.register(AuditEntry, AuditEntryAdmin)
