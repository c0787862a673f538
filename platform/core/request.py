"""What the middleware hangs on a request, typed."""

from django.http import HttpRequest

from core.actors import Actor
from core.tenancy import BankContext, Context


class PanoramaRequest(HttpRequest):
    """A request after `core.middleware.ScopeMiddleware`."""

    context: Context
    bank: BankContext | None
    request_id: str
    actor: Actor
