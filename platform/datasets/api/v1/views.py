"""`/api/v1/datasets`: datasets, files sent to them, contracts, quality, quarantine."""

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec
from django.http import FileResponse, HttpRequest, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import acting_client
from core.api.query import Parameter
from core.api.views import ApiList, ApiView
from core.idempotency.calls import REPLAYED_HEADER, digest_of
from core.pagination import BY_TIME
from datasets import contracts, permissions, selectors, services
from datasets.api.v1 import serializers as shapes
from datasets.api.v1.schemas import DATA_CONTRACT, QUALITY_REPORT
from datasets.api.v1.uploads import RawBodyParser, upload_of
from datasets.models import Dataset, DatasetLoad
from datasets.states import LoadState
from jobs.selectors import get_job

Codes = dict[str, str]
_TABLES = {
    (200, kind): OpenApiTypes.BINARY for kind in ("text/csv", "application/vnd.apache.parquet")
}
Query = Mapping[str, tuple[Parameter, ...]]
_NAME = Parameter("name", "part of the name")
_STATE = Parameter("state", choices=tuple(LoadState.values))
_FORMAT = Parameter("format", "csv unless told", choices=("csv", "parquet"))
_FILE = (
    Parameter("filename", "name of the file, for a raw body", kind="opaque"),
    Parameter("as_of", "the day the data stands for, for a raw body", kind="date"),
)


class DatasetList(ApiList[Dataset]):
    """Datasets, newest first; filter by part of the `name` and by the newest load's `state`."""

    permission_codes: ClassVar[Codes] = {"GET": permissions.VIEW, "POST": permissions.UPLOAD}
    query_parameters: ClassVar[Query] = {"GET": (_NAME, _STATE)}
    sort_fields: ClassVar[Mapping[str, str]] = {**BY_TIME, "name": "name"}
    serializer_class = shapes.DatasetSerializer

    def get_queryset(self):  # type: ignore[no-untyped-def]
        query = self.request.query_params
        return selectors.dataset_rows(name=query.get("name", ""), state=query.get("state", ""))

    @extend_schema(request=shapes.NewDatasetSerializer, responses={201: shapes.DatasetSerializer})
    def post(self, request: Request) -> Response:
        body = shapes.NewDatasetSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        dataset = services.create_dataset(actor=acting_client(request), **body.validated_data)
        view = selectors.get_dataset(str(dataset.id))
        return Response(shapes.DatasetSerializer(view).data, status=201)


class DatasetDetail(ApiView):
    permission_codes: ClassVar[Codes] = {"GET": permissions.VIEW}

    @extend_schema(responses=shapes.DatasetSerializer)
    def get(self, request: Request, dataset_id: str) -> Response:
        view = selectors.get_dataset(str(dataset_id))
        return Response(shapes.DatasetSerializer(view).data)


class LoadList(ApiList[DatasetLoad]):
    """Loads of one dataset, newest first; a `POST` brings the next file."""

    permission_codes: ClassVar[Codes] = {"GET": permissions.VIEW, "POST": permissions.UPLOAD}
    serializer_class = shapes.LoadSerializer
    streams_body = True
    query_parameters: ClassVar[Query] = {"GET": (_STATE,), "POST": _FILE}
    parser_classes = (MultiPartParser, RawBodyParser)

    def get_queryset(self):  # type: ignore[no-untyped-def]
        if getattr(self, "swagger_fake_view", False):
            return selectors.load_rows()
        dataset = selectors.get_dataset(str(self.kwargs["dataset_id"]))
        state = self.request.query_params.get("state", "")
        return selectors.load_rows(dataset_id=dataset.id, state=state)

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        self.uploads = services.StorageUploadHandler(request)
        request.upload_handlers = [self.uploads]
        return super().initialize_request(request, *args, **kwargs)

    @extend_schema(
        request={
            "multipart/form-data": shapes.FileSerializer,
            "application/octet-stream": OpenApiTypes.BINARY,
        },
        responses={202: shapes.AcceptedLoadSerializer},
    )
    def post(self, request: Request, dataset_id: str) -> HttpResponse:
        selectors.get_dataset(str(dataset_id))
        actor = acting_client(request)
        try:
            upload = upload_of(request)
            stored = services.store_file(
                dataset_id=str(dataset_id), file=upload.file, filename=upload.filename, actor=actor
            )
        finally:
            self.uploads.discard()

        def receive() -> Response:
            load = services.receive_stored(upload=stored, actor=actor, as_of=upload.as_of)
            return _accepted(str(load.id))

        meant = digest_of(stored.name, str(upload.as_of), stored.stored.sha256)
        try:
            answer = self.once(request, body=meant, run=receive)
        except BaseException:
            stored.discard()
            raise
        if REPLAYED_HEADER in answer:
            stored.discard()
        return answer


def _accepted(load_id: str) -> Response:
    load = selectors.get_load(load_id)
    body = {"load": load, "job": get_job(str(load.job_id))}
    return Response(shapes.AcceptedLoadSerializer(body).data, status=202)


class LoadDetail(ApiView):
    permission_codes: ClassVar[Codes] = {"GET": permissions.VIEW}

    @extend_schema(responses=shapes.LoadSerializer)
    def get(self, request: Request, dataset_id: str, load_id: str) -> Response:
        view = selectors.get_load(str(load_id), dataset_id=str(dataset_id))
        return Response(shapes.LoadSerializer(view).data)


class LoadAgain(ApiView):
    """The same file once more, through the newest confirmed contract."""

    permission_codes: ClassVar[Codes] = {"POST": permissions.UPLOAD}

    @extend_schema(request=None, responses={202: shapes.AcceptedLoadSerializer})
    def post(self, request: Request, dataset_id: str, load_id: str) -> Response:
        first = selectors.get_load(str(load_id), dataset_id=str(dataset_id))
        load = services.load_again(load_id=first.id, actor=acting_client(request))
        return _accepted(str(load.id))


class LoadQuality(ApiView):
    """The whole quality report: scores, profiles, drift, vintages, target, findings in two languages."""

    permission_codes: ClassVar[Codes] = {"GET": permissions.VIEW}

    @extend_schema(responses={(200, "application/json"): QUALITY_REPORT})
    def get(self, request: Request, dataset_id: str, load_id: str) -> HttpResponse:
        load = selectors.get_load(str(load_id), dataset_id=str(dataset_id))
        report = selectors.quality_of(load.id)
        return HttpResponse(contracts.to_json(report), content_type="application/json")


class LoadQuarantine(ApiView):
    """The refused rows with row number, column and reason, as `csv` or `parquet`."""

    permission_codes: ClassVar[Codes] = {"GET": permissions.VIEW_QUARANTINE}
    query_parameters: ClassVar[Query] = {"GET": (_FORMAT,)}

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        renderer = self.get_renderers()[0]
        return renderer, renderer.media_type

    @extend_schema(responses=_TABLES)
    def get(self, request: Request, dataset_id: str, load_id: str) -> FileResponse:
        load = selectors.get_load(str(load_id), dataset_id=str(dataset_id))
        wanted: Any = request.query_params.get("format") or "csv"
        download = services.export_quarantine(
            load_id=load.id, format=wanted, actor=acting_client(request)
        )
        return FileResponse(
            download.stream,
            as_attachment=True,
            filename=download.file_name,
            content_type=download.content_type,
            headers={"Content-Length": str(download.size)},
        )


class Contract(ApiView):
    """The newest version of the contract, or that of `version`; `PUT` replaces the draft."""

    permission_codes: ClassVar[Codes] = {
        "GET": permissions.VIEW,
        "PUT": permissions.CHANGE_CONTRACT,
    }
    query_parameters: ClassVar[Query] = {
        "GET": (Parameter("version", "the newest unless told", kind="integer", least=1),)
    }

    @extend_schema(responses=shapes.ContractSerializer)
    def get(self, request: Request, dataset_id: str) -> Response:
        version = request.query_params.get("version", "")
        view = selectors.get_contract(str(dataset_id), version=int(version) if version else None)
        return Response(contract_body(view))

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "If-Match",
                str,
                OpenApiParameter.HEADER,
                description="sha256 of the newest version that was seen; another one answers 409",
            )
        ],
        request={"application/json": DATA_CONTRACT},
        responses=shapes.ContractSerializer,
    )
    def put(self, request: Request, dataset_id: str) -> Response:
        body: Any = request.data
        services.update_contract(
            dataset_id=str(dataset_id),
            body=body,
            actor=acting_client(request),
            expected_sha256=request.headers.get("If-Match", "").strip('"'),
        )
        return Response(contract_body(selectors.get_contract(str(dataset_id))))


def contract_body(view: selectors.ContractView) -> dict[str, Any]:
    """A contract version in the API's shape."""
    fields = {name: getattr(view, name) for name in view.__slots__}
    fields["contract"] = msgspec.to_builtins(view.contract)
    body: dict[str, Any] = shapes.ContractSerializer(fields).data
    return body


class ConfirmContract(ApiView):
    """Make the draft what files are held to; loads that wait for it go on."""

    permission_codes: ClassVar[Codes] = {"POST": permissions.CONFIRM_CONTRACT}

    @extend_schema(request=shapes.ConfirmSerializer, responses=shapes.ContractSerializer)
    def post(self, request: Request, dataset_id: str) -> Response:
        body = shapes.ConfirmSerializer(data=request.data or {})
        body.is_valid(raise_exception=True)
        services.confirm_contract(
            dataset_id=str(dataset_id),
            actor=acting_client(request),
            expected_sha256=body.validated_data["sha256"],
        )
        return Response(contract_body(selectors.get_contract(str(dataset_id))))
