"""Base of every management route: a call with an `Idempotency-Key` has its effect once."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar, TypeVar

from django.db.models import Model
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.api.bodies import whole_body
from core.api.query import Parameter, check_query
from core.idempotency.calls import HEADER, REPLAYED_HEADER, Answer, Call, new_call
from core.idempotency.once import answer_once
from core.pagination import BY_TIME, CURSOR, list_parameters
from core.rate_limits import charge
from core.renderers import OrjsonRenderer
from core.request import acting

MUTATING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
# Of an answer's headers those that a repeated answer must have too.
KEPT_HEADERS = ("Location", "ETag", "Content-Type")
Handler = Callable[..., HttpResponseBase]
M = TypeVar("M", bound=Model)


class ApiView(APIView):
    """An `APIView` whose mutating methods honour `Idempotency-Key`.

    `streams_body` is for routes whose body is a file: it is hashed while it is stored, so the handler itself calls
    `once` with that hash.
    """

    streams_body: ClassVar[bool] = False
    # The query parameters of each method; any other is refused by name.
    query_parameters: ClassVar[Mapping[str, tuple[Parameter, ...]]] = {}

    @classmethod
    def parameters_of(cls, method: str) -> tuple[Parameter, ...]:
        """What a method takes in the query."""
        return cls.query_parameters.get("GET" if method == "HEAD" else method, ())

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Rights, rate limits, and the handler behind its key: this instance serves this request alone."""
        super().initial(request, *args, **kwargs)
        charge(request._request, acting(request._request))
        method = (request.method or "").upper()
        check_query(request.query_params, self.parameters_of(method))
        if method in MUTATING and HEADER in request.headers and not self.streams_body:
            name = method.lower()
            if handler := getattr(self, name, None):
                setattr(self, name, partial(self._keyed, handler))

    def once(self, request: Request, *, body: bytes, run: Callable[[], Response]) -> HttpResponse:
        """Answer once for the request's key; without a key just run. `body` is what stands for the body."""
        if HEADER not in request.headers:
            return run()
        return as_response(answer_once(call=_call(request, body), run=lambda: answer_of(run())))

    def _keyed(self, handler: Handler, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        call = _call(request, whole_body(request._request))
        answer = answer_once(call=call, run=lambda: answer_of(handler(request, *args, **kwargs)))
        return as_response(answer)


class ApiList(ApiView, ListAPIView[M]):
    """A list by cursor; `serializer_class` shows a row. `sort_fields` maps the names of orders to columns."""

    sort_fields: ClassVar[Mapping[str, str]] = BY_TIME

    @classmethod
    def parameters_of(cls, method: str) -> tuple[Parameter, ...]:
        own = super().parameters_of(method)
        if method not in ("GET", "HEAD"):
            return own
        return (*own, *list_parameters(cls.sort_fields), CURSOR)


def _call(request: Request, body: bytes) -> Call:
    inner = request._request
    return new_call(
        actor=acting(inner),
        key=request.headers[HEADER],
        method=request.method or "",
        target=inner.get_full_path(),
        body=body,
    )


def answer_of(response: HttpResponseBase) -> Answer:
    """A finished answer: rendered here, so that what is stored are the very bytes that leave."""
    if isinstance(response, Response):
        body = OrjsonRenderer().render(response.data)
        response["Content-Type"] = response.content_type or OrjsonRenderer.media_type
    elif isinstance(response, HttpResponse):
        body = response.content
    else:
        raise TypeError("An answer under a key cannot be a stream.")
    kept = [(name, response.headers[name]) for name in KEPT_HEADERS if name in response.headers]
    return Answer(response.status_code, tuple(kept), body)


def as_response(answer: Answer) -> HttpResponse:
    response = HttpResponse(answer.body, status=answer.status, headers=dict(answer.headers))
    if not answer.body:
        response.headers.pop("Content-Type", None)
    if answer.replayed:
        response[REPLAYED_HEADER] = "true"
    return response
