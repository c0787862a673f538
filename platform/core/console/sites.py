"""The two admin sites: a bank's staff see their bank, operators see banks as counts."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.urls import URLPattern
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

PageList = list[URLPattern]


class PanoramaSite(UnfoldAdminSite):  # type: ignore[misc]
    """An admin site whose extra pages modules add at start-up by `add_pages`."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._pages: list[Callable[[PanoramaSite], PageList]] = []

    def add_pages(self, factory: Callable[["PanoramaSite"], PageList]) -> None:
        """Add URL patterns under /admin/; wrap each view in `site.admin_view`."""
        self._pages.append(factory)

    def extra_urls(self) -> PageList:
        return [pattern for factory in self._pages for pattern in factory(self)]

    def has_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and request.user.is_authenticated)


class BankSite(PanoramaSite):
    settings_name = "UNFOLD_BANK"
    site_title = _("Panorama")
    index_title = _("Overview")

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context: dict[str, Any] = super().each_context(request)
        bank = getattr(request, "bank", None)
        if bank is not None:
            context["site_header"] = bank.name
            context["site_subheader"] = "Panorama"
        return context


class OpsSite(PanoramaSite):
    settings_name = "UNFOLD_OPS"
    site_title = _("Panorama operations")
    index_title = _("Overview")


bank_site = BankSite("bank")
ops_site = OpsSite("ops")
