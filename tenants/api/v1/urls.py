from django.urls import path

from tenants.api.v1 import offboarding, views

urlpatterns = [
    path("banks", views.BankList.as_view(), name="bank-list"),
    path("banks/<slug:slug>", views.BankDetail.as_view(), name="bank-detail"),
    path("banks/<slug:slug>:state", views.BankStateView.as_view(), name="bank-state"),
    path("banks/<slug:slug>:plan", views.BankPlanView.as_view(), name="bank-plan"),
    path("offboardings", offboarding.OffboardingList.as_view(), name="offboarding-list"),
    path(
        "offboardings/<uuid:offboarding_id>",
        offboarding.OffboardingDetail.as_view(),
        name="offboarding-detail",
    ),
    path(
        "offboardings/<uuid:offboarding_id>:cancel",
        offboarding.OffboardingCancel.as_view(),
        name="offboarding-cancel",
    ),
    path(
        "offboardings/<uuid:offboarding_id>/certificate",
        offboarding.OffboardingCertificate.as_view(),
        name="offboarding-certificate",
    ),
    path(
        "offboardings/<uuid:offboarding_id>/export",
        offboarding.OffboardingExport.as_view(),
        name="offboarding-export",
    ),
]
