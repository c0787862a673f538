from django.urls import path

from jobs.api.v1 import views

urlpatterns = [
    path("jobs", views.JobList.as_view(), name="job-list"),
    path("jobs/<uuid:job_id>", views.JobDetail.as_view(), name="job-detail"),
    path("jobs/<uuid:job_id>:cancel", views.JobCancel.as_view(), name="job-cancel"),
    path("jobs/<uuid:job_id>:resume", views.JobResume.as_view(), name="job-resume"),
]
