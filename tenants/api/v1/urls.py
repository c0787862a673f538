from django.urls import path

from tenants.api.v1 import views

urlpatterns = [
    path("banks", views.BankList.as_view(), name="bank-list"),
    path("banks/<slug:slug>", views.BankDetail.as_view(), name="bank-detail"),
    path("banks/<slug:slug>:state", views.BankStateView.as_view(), name="bank-state"),
    path("banks/<slug:slug>:plan", views.BankPlanView.as_view(), name="bank-plan"),
]
