from django.urls import path

from accounts.views import links

urlpatterns = [path("invitation/<str:token>/", links.invitation, name="invitation")]
