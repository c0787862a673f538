"""Single sign-on, below /admin/sso/."""

from django.urls import path

from federation import views

urlpatterns = [
    path("login/", views.start, name="sso_start"),
    path("callback/", views.callback, name="sso_callback"),
    path("link/", views.link, name="sso_link"),
    path("logout/", views.log_out, name="sso_logout"),
    path("backchannel-logout/", views.backchannel, name="sso_backchannel"),
    path("keys.json", views.keys, name="sso_keys"),
]
