"""Puts the acting person on the request; API clients are put there by `accounts.authentication`."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from core.actors import Actor


class ActorMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = SimpleLazyObject(lambda: _actor(request))  # type: ignore[attr-defined]
        return self.get_response(request)


def _actor(request: HttpRequest) -> Actor:
    request_id = getattr(request, "request_id", "")
    user = request.user
    if user.is_authenticated:
        return user.as_actor(request_id)
    return Actor(kind="user", id="", label="anonymous", request_id=request_id)
