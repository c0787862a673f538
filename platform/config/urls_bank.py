"""Routes of a bank's host."""

from django.urls import include, path
from django.views.generic import RedirectView

from config.urls_common import api
from core.console import bank_site

urlpatterns = [
    path("", RedirectView.as_view(url="/admin/")),
    path("admin/", include("accounts.urls")),
    path("admin/sso/", include("federation.urls")),
    path("scim/v2/", include("federation.scim.urls")),
    path("admin/", bank_site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    *api("config.api_v1", "config.urls_bank"),
]
handler404 = "core.error_pages.not_found"
handler500 = "core.error_pages.server_error"
handler403 = "core.error_pages.forbidden"
handler400 = "core.error_pages.bad_request"
