"""Lists by cursor whose rows become views before they are shown."""

from collections.abc import Callable
from typing import Any, cast

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import ClientPrincipal
from core.actors import Actor
from core.api.views import ApiList


def caller(request: Request) -> Actor:
    """The API client behind a request that passed `ScopeRequired`."""
    return cast(ClientPrincipal, request.user).actor


def query_text(request: Request, name: str) -> str:
    """A query parameter without what PostgreSQL cannot compare."""
    return str(request.query_params.get(name, "")).replace("\x00", "")[:200]


class ViewList(ApiList[Any]):
    """`as_view_row` turns a row of the queryset into the frozen view the serializer shows."""

    as_view_row: Callable[[Any], Any]

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.get_queryset())
        views = [type(self).as_view_row(row) for row in page or ()]
        return self.get_paginated_response(self.get_serializer(views, many=True).data)
