"""`/api/v1/scoring/batches`: a dataset in, a job, a file out."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.query import Parameter
from core.api.views import ApiView
from jobs.choices import JobState
from scoring import permissions, selectors, services
from scoring.api.v1 import serializers as shapes
from scoring.api.v1.lists import ViewList, caller

Codes = dict[str, str]
_TABLES = {
    (200, kind): OpenApiTypes.BINARY for kind in ("text/csv", "application/vnd.apache.parquet")
}
Query = Mapping[str, tuple[Parameter, ...]]


class BatchList(ViewList):
    """Batches, newest first; a `POST` starts one with what is live now."""

    permission_codes: ClassVar[Codes] = {"GET": permissions.VIEW, "POST": permissions.BATCH}
    query_parameters: ClassVar[Query] = {
        "GET": (
            Parameter("state", "of the job", choices=tuple(JobState.values)),
            Parameter("model", "id of the model", kind="uuid"),
        )
    }
    serializer_class = shapes.BatchSerializer
    as_view_row = staticmethod(selectors.as_batch)

    def get_queryset(self):  # type: ignore[no-untyped-def]
        query = self.request.query_params
        return selectors.batch_rows(model_id=query.get("model", ""), state=query.get("state", ""))

    @extend_schema(request=shapes.NewBatchSerializer, responses={202: shapes.BatchSerializer})
    def post(self, request: Request) -> Response:
        body = shapes.NewBatchSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        run = services.start_batch(
            load_id=str(given["load"]),
            model_id=str(given["model"] or ""),
            version_id=str(given["version"] or ""),
            actor=caller(request),
        )
        view = selectors.get_batch(str(run.id))
        response = Response(shapes.BatchSerializer(view).data, status=202)
        response["Location"] = f"/api/v1/jobs/{view.job.id}"
        return response


class BatchDetail(ApiView):
    permission_codes: ClassVar[Codes] = {"GET": permissions.VIEW}

    @extend_schema(responses=shapes.BatchSerializer)
    def get(self, request: Request, batch_id: str) -> Response:
        return Response(shapes.BatchSerializer(selectors.get_batch(str(batch_id))).data)


class BatchResults(ApiView):
    """All rows as one file, `results.csv` or `results.parquet`, streamed."""

    permission_codes: ClassVar[Codes] = {"GET": permissions.BATCH}

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """The kind stands in the path; `Accept: text/csv` must not be an error."""
        return super().perform_content_negotiation(request, force=True)

    @extend_schema(responses=_TABLES)
    def get(self, request: Request, batch_id: str, kind: str) -> StreamingHttpResponse:
        results = services.batch_results(batch_id=str(batch_id), kind=kind, actor=caller(request))
        response = StreamingHttpResponse(results.pieces, content_type=results.content_type)
        response["Content-Disposition"] = f'attachment; filename="{results.file_name}"'
        return response
