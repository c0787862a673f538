"""Routes that a bank's host and the ops host share."""

from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerView
from rest_framework.permissions import AllowAny

from accounts.api.token import revoke, token

PUBLIC_VIEW = {"authentication_classes": [], "permission_classes": [AllowAny]}


def api(urlconf: str, schema_urlconf: str) -> list[URLPattern | URLResolver]:
    """The API below /api/v1/, its token endpoint and its documentation."""
    return [
        path("api/v1/oauth/token", token, name="token"),
        path("api/v1/oauth/revoke", revoke, name="revoke"),
        path("api/v1/", include(urlconf)),
        path(
            "api/openapi.json",
            SpectacularJSONAPIView.as_view(urlconf=schema_urlconf, **PUBLIC_VIEW),
            name="schema",
        ),
        path(
            "api/docs/",
            SpectacularSwaggerView.as_view(url_name="schema", **PUBLIC_VIEW),
            name="docs",
        ),
    ]
