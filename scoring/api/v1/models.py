"""`/api/v1/scoring/models`, `model-runs`, `model-versions`, `live`. People approve and deploy, in the admin."""

from typing import Any, ClassVar

from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.views import ApiView
from core.errors import field_error
from scoring import permissions, selectors, services
from scoring.api.v1 import serializers as shapes
from scoring.api.v1.lists import ViewList, caller, query_text
from scoring.choices import Stage

Codes = dict[str, str]


class ModelList(ViewList):
    """Models, newest first; a `POST` makes another."""

    permission_codes: ClassVar[Codes] = {"GET": permissions.VIEW, "POST": permissions.TRAIN}
    serializer_class = shapes.ModelSerializer
    as_view_row = staticmethod(selectors.as_model)

    def get_queryset(self):  # type: ignore[no-untyped-def]
        return selectors.model_rows()

    @extend_schema(request=shapes.NewModelSerializer, responses={201: shapes.ModelSerializer})
    def post(self, request: Request) -> Response:
        body = shapes.NewModelSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        model = services.create_model(actor=caller(request), **body.validated_data)
        view = selectors.get_model(str(model.id))
        return Response(shapes.ModelSerializer(view).data, status=201)


class ModelDetail(ApiView):
    permission_codes: ClassVar[Codes] = {"GET": permissions.VIEW}

    @extend_schema(responses=shapes.ModelSerializer)
    def get(self, request: Request, model_id: str) -> Response:
        return Response(shapes.ModelSerializer(selectors.get_model(str(model_id))).data)


class RunList(ViewList):
    """Training runs, newest first; a `POST` starts one and answers with its job."""

    permission_codes: ClassVar[Codes] = {"GET": permissions.VIEW, "POST": permissions.TRAIN}
    serializer_class = shapes.RunSerializer
    as_view_row = staticmethod(selectors.as_run)

    def get_queryset(self):  # type: ignore[no-untyped-def]
        return selectors.run_rows(state=query_text(self.request, "state"))

    @extend_schema(parameters=[OpenApiParameter("state", str, description="of the job")])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(request=shapes.NewRunSerializer, responses={202: shapes.RunSerializer})
    def post(self, request: Request) -> Response:
        body = shapes.NewRunSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        run = services.start_model_run(
            model_id=str(given["model"]),
            load_id=str(given["load"]),
            kind=given["kind"],
            spec=given["spec"],
            seed=given["seed"],
            actor=caller(request),
        )
        view = selectors.get_run(str(run.id))
        response = Response(shapes.RunSerializer(view).data, status=202)
        response["Location"] = f"/api/v1/jobs/{view.job.id}"
        return response


class RunDetail(ApiView):
    permission_codes: ClassVar[Codes] = {"GET": permissions.VIEW}

    @extend_schema(responses=shapes.RunSerializer)
    def get(self, request: Request, run_id: str) -> Response:
        return Response(shapes.RunSerializer(selectors.get_run(str(run_id))).data)


class VersionList(ViewList):
    """Model versions, newest first; filter by `stage`."""

    permission_codes: ClassVar[Codes] = {"GET": permissions.VIEW}
    serializer_class = shapes.VersionSerializer
    as_view_row = staticmethod(selectors.as_version)

    def get_queryset(self):  # type: ignore[no-untyped-def]
        return selectors.version_rows(stage=query_text(self.request, "stage"))

    @extend_schema(parameters=[OpenApiParameter("stage", str, enum=Stage.values)])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class VersionDetail(ApiView):
    permission_codes: ClassVar[Codes] = {"GET": permissions.VIEW}

    @extend_schema(responses=shapes.VersionSerializer)
    def get(self, request: Request, version_id: str) -> Response:
        return Response(shapes.VersionSerializer(selectors.get_version(str(version_id))).data)


class VersionReport(ApiView):
    """The whole report: parts, curves, gains, calibration, bins, what was dropped and why."""

    permission_codes: ClassVar[Codes] = {"GET": permissions.VIEW}

    @extend_schema(responses=shapes.ReportSerializer)
    def get(self, request: Request, version_id: str) -> Response:
        return Response(shapes.ReportSerializer(selectors.version_report(str(version_id))).data)


class VersionSubmit(ApiView):
    """Ask for a review; another person approves."""

    permission_codes: ClassVar[Codes] = {"POST": permissions.SUBMIT}

    @extend_schema(request=None, responses=shapes.VersionSerializer)
    def post(self, request: Request, version_id: str) -> Response:
        services.submit_for_review(version_id=str(version_id), actor=caller(request))
        return Response(shapes.VersionSerializer(selectors.get_version(str(version_id))).data)


class Live(ApiView):
    """What stands in which slot, now or at a moment: `at=2026-11-24T10:00:00Z`."""

    permission_codes: ClassVar[Codes] = {"GET": permissions.VIEW}

    @extend_schema(
        parameters=[OpenApiParameter("at", str)], responses=shapes.LiveSerializer(many=True)
    )
    def get(self, request: Request) -> Response:
        moment = None
        if text := query_text(request, "at"):
            try:
                moment = parse_datetime(text)
            except ValueError:
                moment = None
            if moment is None or moment.tzinfo is None:
                raise field_error("/at", "invalid", "A moment with its offset from UTC (RFC 3339).")
        return Response(shapes.LiveSerializer(selectors.live_at(moment), many=True).data)
