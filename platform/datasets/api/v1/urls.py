from django.urls import path

from datasets.api.v1 import views

ONE = "datasets/<uuid:dataset_id>"
LOAD = f"{ONE}/loads/<uuid:load_id>"

urlpatterns = [
    path("datasets", views.DatasetList.as_view(), name="dataset-list"),
    path(ONE, views.DatasetDetail.as_view(), name="dataset-detail"),
    path(f"{ONE}/contract", views.Contract.as_view(), name="dataset-contract"),
    path(f"{ONE}/contract:confirm", views.ConfirmContract.as_view(), name="dataset-confirm"),
    path(f"{ONE}/loads", views.LoadList.as_view(), name="load-list"),
    path(LOAD, views.LoadDetail.as_view(), name="load-detail"),
    path(f"{LOAD}:again", views.LoadAgain.as_view(), name="load-again"),
    path(f"{LOAD}/quality", views.LoadQuality.as_view(), name="load-quality"),
    path(f"{LOAD}/quarantine", views.LoadQuarantine.as_view(), name="load-quarantine"),
]
