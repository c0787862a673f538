"""`/scim/v2/` (RFC 7644)."""

from django.urls import path

from federation.scim import views

urlpatterns = [
    path("ServiceProviderConfig", views.Config.as_view(), name="scim-config"),
    path("ResourceTypes", views.ResourceTypes.as_view(), name="scim-resource-types"),
    path("ResourceTypes/User", views.UserType.as_view(), name="scim-user-type"),
    path("Schemas", views.Schemas.as_view(), name="scim-schemas"),
    path("Schemas/<str:urn>", views.SchemaDetail.as_view(), name="scim-schema"),
    path("Users", views.Users.as_view(), name="scim-users"),
    path("Users/<uuid:user_id>", views.UserDetail.as_view(), name="scim-user"),
]
