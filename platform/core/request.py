"""What the middleware hangs on a request, typed."""

from typing import Any, cast

from django.http import HttpRequest

from core.actors import Actor


def acting(request: HttpRequest) -> Actor:
    """Who acts on this request: the logged-in person or the API client."""
    return cast(Actor, cast(Any, request).actor)
