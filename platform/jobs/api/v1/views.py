"""`/api/v1/jobs`: progress, cancel, resume."""

from collections.abc import Mapping
from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import acting_client
from core.api.query import Parameter
from core.api.views import ApiList, ApiView
from jobs import selectors, services
from jobs.api.v1.serializers import JobSerializer
from jobs.choices import JobState
from jobs.models import Job


class JobList(ApiList[Job]):
    """Jobs, newest first; filter by `state` and `kind`."""

    permission_codes: ClassVar[dict[str, str]] = {"GET": "jobs.view"}
    query_parameters: ClassVar[Mapping[str, tuple[Parameter, ...]]] = {
        "GET": (
            Parameter("state", choices=tuple(JobState.values)),
            Parameter("kind", "like `datasets.intake`"),
        )
    }
    serializer_class = JobSerializer

    def get_queryset(self):  # type: ignore[no-untyped-def]
        rows = Job.objects.all()
        for name in ("state", "kind"):
            if value := self.request.query_params.get(name):
                rows = rows.filter(**{name: value})
        return rows


class JobDetail(ApiView):
    permission_codes: ClassVar[dict[str, str]] = {"GET": "jobs.view"}

    @extend_schema(responses=JobSerializer)
    def get(self, request: Request, job_id: str) -> Response:
        return Response(JobSerializer(selectors.get_job(str(job_id))).data)


class JobCancel(ApiView):
    permission_codes: ClassVar[dict[str, str]] = {"POST": "jobs.control"}

    @extend_schema(request=None, responses=JobSerializer)
    def post(self, request: Request, job_id: str) -> Response:
        job = services.cancel_job(job_id=str(job_id), actor=acting_client(request))
        return Response(JobSerializer(job).data)


class JobResume(ApiView):
    permission_codes: ClassVar[dict[str, str]] = {"POST": "jobs.control"}

    @extend_schema(request=None, responses=JobSerializer)
    def post(self, request: Request, job_id: str) -> Response:
        job = services.resume_job(job_id=str(job_id), actor=acting_client(request))
        return Response(JobSerializer(job).data)
