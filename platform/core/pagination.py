"""Cursor pages: a place in an order, so that rows that arrive neither repeat nor hide another; and never a count.

A cursor is opaque and signed. It holds for one bank, one list, one set of filters and one order, and for a day.
"""

import base64
import hmac
from collections.abc import Mapping
from typing import Any

import orjson
from django.conf import settings
from django.db.models import Model, Q, QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from core.api.query import Parameter
from core.clock import now
from core.errors import field_error
from core.tenancy import current_context

CURSOR_SECONDS = 24 * 3_600
PAGE_SIZE, MOST = 50, 200
# The order of every list that names no other: keys are made in the order of time.
BY_TIME: Mapping[str, str] = {"created_at": "pk"}
CURSOR = Parameter("cursor", "from `next` or `previous` of a page", kind="opaque")
_MAC_BYTES = 16
_VERSION = 1
_OWN = ("cursor", "page_size", "sort")


def list_parameters(sorts: Mapping[str, str]) -> tuple[Parameter, ...]:
    """The parameters every list takes, with the orders it offers."""
    orders = tuple(f"{sign}{name}" for name in sorts for sign in ("-", ""))
    size = f"rows a page, {PAGE_SIZE} unless told"
    return (
        Parameter("page_size", size, kind="integer", least=1, most=MOST),
        Parameter("sort", f"order, {orders[0]} unless told", choices=orders),
    )


class CursorPages(BasePagination):
    """`next` and `previous` are complete addresses, or null."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """`queryset` is one; its own order gives way to the list's."""
        sorts: Mapping[str, str] = getattr(view, "sort_fields", BY_TIME)
        wanted = request.query_params.get("sort") or f"-{next(iter(sorts))}"
        self._sort, self._request = wanted, request
        self._column, self._down = sorts[wanted.lstrip("-")], wanted.startswith("-")
        size = int(request.query_params.get("page_size") or PAGE_SIZE)
        place = self._place(queryset)
        back = bool(place and place["back"])
        if place:
            queryset = queryset.filter(self._beyond(place, back=back))
        # Backwards the order is turned round and the page turned back.
        sign = "-" if self._down != back else ""
        columns = [f"{sign}{c}" for c in dict.fromkeys((self._column, "pk"))]
        rows = list(queryset.order_by(*columns)[: size + 1])
        more, rows = len(rows) > size, rows[:size]
        if back:
            rows.reverse()
        self._next = self._cursor(rows[-1], back=False) if rows and (more or back) else None
        self._previous = (
            self._cursor(rows[0], back=True) if rows and place and (more or not back) else None
        )
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response(
            {
                "next": self._link(self._next),
                "previous": self._link(self._previous),
                "results": data,
            }
        )

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """None: the view's own description lists them (`core.api.openapi`)."""
        return []

    def _link(self, cursor: str | None) -> str | None:
        if cursor is None:
            return None
        here = self._request.build_absolute_uri()
        return str(replace_query_param(here, "cursor", cursor))

    def _cursor(self, row: Model, *, back: bool) -> str:
        value = row.pk if self._column == "pk" else getattr(row, self._column)
        place = [_VERSION, int(now().timestamp()), back, _text(value), str(row.pk)]
        data = orjson.dumps(place)
        return base64.urlsafe_b64encode(self._mac(data) + data).rstrip(b"=").decode()

    def _place(self, queryset: QuerySet[Any]) -> dict[str, Any] | None:
        text = self._request.query_params.get("cursor")
        if not text:
            return None
        try:
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except ValueError:
            raw = b""
        mac, data = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(data)):
            raise field_error(
                "/cursor", "cursor_invalid", "Not a cursor of this list with these filters."
            )
        _, issued, back, value, pk = orjson.loads(data)
        if now().timestamp() - issued > CURSOR_SECONDS:
            raise field_error("/cursor", "cursor_expired", "The cursor is too old: begin again.")
        model = queryset.model._meta
        key = model.pk.to_python(pk)
        column = key if self._column == "pk" else model.get_field(self._column).to_python(value)
        return {"back": back, "value": column, "pk": key}

    def _beyond(self, place: Mapping[str, Any], *, back: bool) -> Q:
        step = "lt" if self._down != back else "gt"
        if self._column == "pk":
            return Q(**{f"pk__{step}": place["pk"]})
        same = Q(**{self._column: place["value"], f"pk__{step}": place["pk"]})
        return Q(**{f"{self._column}__{step}": place["value"]}) | same

    def _mac(self, data: bytes) -> bytes:
        """Over the place and all it holds for."""
        query = self._request.query_params
        filters = sorted((n, v) for n, v in query.items() if n not in _OWN)
        scope = [current_context().schema, self._request.path, self._sort, filters]
        key = f"core.pagination:{settings.SECRET_KEY}".encode()
        return hmac.digest(key, orjson.dumps(scope) + b"\n" + data, "sha256")[:_MAC_BYTES]


def _text(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
