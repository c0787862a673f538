"""SCIM 2.0 for a bank's directory: people are created, changed and disabled; nobody is ever erased by it."""

from typing import Any, ClassVar

from django.http import HttpRequest
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import acting_client
from core.errors import ProblemError
from core.rate_limits import charge
from core.renderers import OrjsonParser, OrjsonRenderer
from core.request import acting
from federation.engine.scim import ERROR, LIST, ScimRefused, parse_filter, parse_person, patched
from federation.scim import documents
from federation.services import directory

Codes = dict[str, str]
_ALL = dict.fromkeys(("GET", "POST", "PUT", "PATCH", "DELETE"), directory.PERMISSION)


class ScimRenderer(OrjsonRenderer):
    media_type = "application/scim+json"


class ScimParser(OrjsonParser):
    media_type = "application/scim+json"


class ScimView(APIView):
    """Bearer tokens with the scope `scim`; errors as RFC 7644 section 3.12 has them."""

    permission_codes: ClassVar[Codes] = _ALL
    renderer_classes = (ScimRenderer, OrjsonRenderer)
    parser_classes = (ScimParser, OrjsonParser)
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        charge(request._request, acting(request._request))

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, ScimRefused):
            return _error(exc.status, exc.said, exc.kind)
        if isinstance(exc, ProblemError):
            response = _error(exc.status, exc.detail)
        elif isinstance(exc, APIException):
            kind = "invalidSyntax" if exc.status_code == 400 else ""
            response = _error(exc.status_code, str(exc.detail), kind)
        else:
            return super().handle_exception(exc)
        if response.status_code == 401:
            response["WWW-Authenticate"] = 'Bearer realm="panorama"'
        return response


def _error(status: int, said: str, kind: str = "") -> Response:
    body = {"schemas": [ERROR], "status": str(status), "detail": said}
    return Response({**body, "scimType": kind} if kind else body, status=status)


def _base(request: HttpRequest | Request) -> str:
    return str(request.build_absolute_uri("/scim/v2"))


def _list(rows: list[dict[str, Any]], *, total: int, start: int = 1) -> Response:
    return Response(
        {
            "schemas": [LIST],
            "totalResults": total,
            "startIndex": start,
            "itemsPerPage": len(rows),
            "Resources": rows,
        }
    )


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, "")
    if not text:
        return default
    if not text.lstrip("-").isdecimal() or len(text) > 9 or not text.isascii():
        raise ScimRefused("invalidValue", f"{name} is a number.")
    return int(text)


class Config(ScimView):
    def get(self, request: Request) -> Response:
        return Response(documents.config(_base(request)))


class ResourceTypes(ScimView):
    def get(self, request: Request) -> Response:
        return _list([documents.user_type(_base(request))], total=1)


class UserType(ScimView):
    def get(self, request: Request) -> Response:
        return Response(documents.user_type(_base(request)))


class Schemas(ScimView):
    def get(self, request: Request) -> Response:
        return _list([documents.user_schema(_base(request))], total=1)


class SchemaDetail(ScimView):
    def get(self, request: Request, urn: str) -> Response:
        if urn != documents.USER:
            return _error(404, "No such schema.")
        return Response(documents.user_schema(_base(request)))


class Users(ScimView):
    def get(self, request: Request) -> Response:
        attribute, value = "", ""
        if text := request.query_params.get("filter", ""):
            attribute, value = parse_filter(text.replace("\x00", ""))
        start = max(_number(request, "startIndex", 1), 1)
        found = directory.find_people(
            actor=acting_client(request), attribute=attribute, value=value, start=start,
            count=_number(request, "count", 100),
        )  # fmt: skip
        base = _base(request)
        return _list(
            [documents.resource(user, base) for user in found.rows], total=found.total, start=start
        )

    def post(self, request: Request) -> Response:
        user = directory.create_person(
            given=parse_person(request.data), actor=acting_client(request)
        )
        body = documents.resource(user, _base(request))
        return Response(body, status=201, headers={"Location": body["meta"]["location"]})


class UserDetail(ScimView):
    def get(self, request: Request, user_id: str) -> Response:
        user = directory.find_person(user_id=str(user_id), actor=acting_client(request))
        return Response(documents.resource(user, _base(request)))

    def put(self, request: Request, user_id: str) -> Response:
        actor = acting_client(request)
        before = directory.as_person(directory.find_person(user_id=str(user_id), actor=actor))
        given = parse_person(request.data, before=before)
        user = directory.replace_person(user_id=str(user_id), given=given, actor=actor)
        return Response(documents.resource(user, _base(request)))

    def patch(self, request: Request, user_id: str) -> Response:
        actor = acting_client(request)
        before = directory.as_person(directory.find_person(user_id=str(user_id), actor=actor))
        user = directory.replace_person(
            user_id=str(user_id), given=patched(before, request.data), actor=actor
        )
        return Response(documents.resource(user, _base(request)))

    def delete(self, request: Request, user_id: str) -> Response:
        directory.delete_person(user_id=str(user_id), actor=acting_client(request))
        return Response(status=204)
