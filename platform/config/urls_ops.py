"""Routes of the ops host."""

from django.urls import include, path
from django.views.generic import RedirectView

from config.urls_common import api
from core.console import ops_site
from core.telemetry.views import metrics

urlpatterns = [
    path("", RedirectView.as_view(url="/admin/")),
    path("admin/", include("accounts.urls")),
    path("admin/sso/", include("federation.urls")),
    path("scim/v2/", include("federation.scim.urls")),
    path("admin/", ops_site.urls),
    path("metrics", metrics),
    path("i18n/", include("django.conf.urls.i18n")),
    *api("config.api_v1_ops", "config.urls_ops"),
]
handler404 = "core.error_pages.not_found"
handler500 = "core.error_pages.server_error"
handler403 = "core.error_pages.forbidden"
handler400 = "core.error_pages.bad_request"
