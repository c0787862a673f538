"""A bank's API: every module's version 1."""

from django.urls import include, path

urlpatterns = [
    path("", include("accounts.api.v1.urls")),
    path("", include("jobs.api.v1.urls")),
    path("", include("compliance.api.v1.urls")),
    path("", include("datasets.api.v1.urls")),
    path("", include("scoring.api.v1.urls")),
]
