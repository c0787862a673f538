"""`/api/v1/scoring/models`, `model-runs`, `model-versions`, `live`. People approve and deploy, in the admin."""

from collections.abc import Mapping
from typing import ClassVar

from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.query import Parameter
from core.api.views import ApiView
from core.pagination import BY_TIME
from jobs.choices import JobState
from scoring import permissions, selectors, services
from scoring.api.v1 import serializers as shapes
from scoring.api.v1.lists import ViewList, caller
from scoring.choices import Stage

Codes = dict[str, str]
Query = Mapping[str, tuple[Parameter, ...]]
_MODEL = Parameter("model", "id of the model", kind="uuid")


class ModelList(ViewList):
    """Models, newest first; a `POST` makes another."""

    permission_codes: ClassVar[Codes] = {"GET": permissions.VIEW, "POST": permissions.TRAIN}
    sort_fields: ClassVar[Mapping[str, str]] = {**BY_TIME, "code": "code", "name": "name"}
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
    query_parameters: ClassVar[Query] = {
        "GET": (Parameter("state", "of the job", choices=tuple(JobState.values)), _MODEL)
    }
    serializer_class = shapes.RunSerializer
    as_view_row = staticmethod(selectors.as_run)

    def get_queryset(self):  # type: ignore[no-untyped-def]
        query = self.request.query_params
        return selectors.run_rows(model_id=query.get("model", ""), state=query.get("state", ""))

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
    query_parameters: ClassVar[Query] = {
        "GET": (Parameter("stage", choices=tuple(Stage.values)), _MODEL)
    }
    serializer_class = shapes.VersionSerializer
    as_view_row = staticmethod(selectors.as_version)

    def get_queryset(self):  # type: ignore[no-untyped-def]
        query = self.request.query_params
        return selectors.version_rows(model_id=query.get("model", ""), stage=query.get("stage", ""))


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
    query_parameters: ClassVar[Query] = {
        "GET": (Parameter("at", "the moment, now unless told", kind="moment"),)
    }

    @extend_schema(responses=shapes.LiveSerializer(many=True))
    def get(self, request: Request) -> Response:
        moment = parse_datetime(request.query_params.get("at", ""))
        return Response(shapes.LiveSerializer(selectors.live_at(moment), many=True).data)
