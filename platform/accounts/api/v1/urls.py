"""`/api/v1/clients`."""

from django.urls import path

from accounts.api.v1 import views

urlpatterns = [
    path("clients", views.ClientList.as_view(), name="client-list"),
    path("clients/<str:client_id>", views.ClientDetail.as_view(), name="client-detail"),
    path("clients/<str:client_id>/secrets", views.SecretList.as_view(), name="client-secrets"),
    path(
        "clients/<str:client_id>/secrets/<uuid:secret_id>:end",
        views.SecretEnd.as_view(),
        name="client-secret-end",
    ),
    path("clients/<str:client_id>/revocation", views.ClientRevoke.as_view(), name="client-revoke"),
]
