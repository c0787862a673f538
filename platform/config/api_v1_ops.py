"""The ops host's API."""

from django.urls import include, path

urlpatterns = [
    path("", include("accounts.api.v1.urls")),
    path("", include("jobs.api.v1.urls")),
    path("", include("tenants.api.v1.urls")),
]
