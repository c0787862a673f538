"""`/api/v1/scoring/policies`: read versions, check a flow, write a draft."""

from collections.abc import Mapping
from typing import ClassVar

import orjson
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.query import Parameter
from core.api.views import ApiView
from scoring import permissions, selectors, services
from scoring.api.v1 import serializers as shapes
from scoring.api.v1.bodies import parse
from scoring.api.v1.lists import ViewList, caller
from scoring.choices import PolicyStage
from scoring.contracts import PolicyIn

Codes = dict[str, str]
Query = Mapping[str, tuple[Parameter, ...]]


def _draft(request: Request) -> PolicyIn:
    return parse(orjson.dumps(request.data), PolicyIn)


class PolicyList(ViewList):
    """Policy versions, newest first; filter by `stage`."""

    permission_codes: ClassVar[Codes] = {"GET": permissions.VIEW}
    query_parameters: ClassVar[Query] = {
        "GET": (
            Parameter("stage", choices=tuple(PolicyStage.values)),
            Parameter("model", "id of the model", kind="uuid"),
        )
    }
    serializer_class = shapes.PolicyRowSerializer
    as_view_row = staticmethod(selectors.as_policy)

    def get_queryset(self):  # type: ignore[no-untyped-def]
        query = self.request.query_params
        return selectors.policy_rows(model_id=query.get("model", ""), stage=query.get("stage", ""))


class PolicyDetail(ApiView):
    permission_codes: ClassVar[Codes] = {"GET": permissions.VIEW}

    @extend_schema(responses=shapes.PolicySerializer)
    def get(self, request: Request, version_id: str) -> Response:
        return Response(_body(str(version_id)))


class PolicyDraft(ApiView):
    """The caller's own open draft of a model's policy: the next version is begun where there is none."""

    permission_codes: ClassVar[Codes] = {"PUT": permissions.POLICY_CHANGE}

    @extend_schema(request=shapes.PolicyDraftSerializer, responses=shapes.PolicySerializer)
    def put(self, request: Request, model_id: str) -> Response:
        version = services.save_policy_version(
            model_id=str(model_id), draft=_draft(request), actor=caller(request)
        )
        return Response(_body(str(version.id)))


class PolicyCheck(ApiView):
    """Whether a flow would be admitted; saves nothing."""

    permission_codes: ClassVar[Codes] = {"POST": permissions.POLICY_CHANGE}

    @extend_schema(request=shapes.PolicyDraftSerializer, responses=shapes.CheckedPolicySerializer)
    def post(self, request: Request) -> Response:
        checked = services.preview_policy(draft=_draft(request))
        return Response(shapes.CheckedPolicySerializer(checked).data)


def _body(version_id: str) -> dict[str, object]:
    view = selectors.get_policy(version_id)
    body = {
        "row": view.row,
        "document": view.document,
        "form": services.form_of(dict(view.document)),
        "reasons": view.reasons,
        "catalogue_number": view.catalogue_number,
        "catalogue_sha256": view.catalogue_sha256,
    }
    return dict(shapes.PolicySerializer(body).data)
