"""Routes of compliance below /api/v1/."""

from django.urls import path

from compliance.api.v1 import views

BASE = "compliance"
urlpatterns = [
    path(f"{BASE}/erasures", views.ErasureList.as_view(), name="erasure-list"),
    path(
        f"{BASE}/erasures/<uuid:erasure_id>", views.ErasureDetail.as_view(), name="erasure-detail"
    ),
    path(f"{BASE}/legal-holds", views.HoldList.as_view(), name="hold-list"),
    path(f"{BASE}/legal-holds/<uuid:hold_id>", views.HoldDetail.as_view(), name="hold-detail"),
    path(f"{BASE}/purges", views.PurgeList.as_view(), name="purge-list"),
    path(f"{BASE}/purges/<uuid:purge_id>", views.PurgeDetail.as_view(), name="purge-detail"),
    path(f"{BASE}/retention", views.Retention.as_view(), name="retention"),
]
