"""Past the middleware of pages: for API calls that carry a bearer token and are made thousands of times a second.

Sessions, languages, CSRF, cookies of people, messages and the search through two hundred routes mean nothing to such a
call, and cost more than what it asks for. It is answered here, after everything that stands above in
`settings.MIDDLEWARE`: scope, transport security, headers. What has to hold for every call belongs above this.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from core.tenancy import BankContext

View = Callable[[HttpRequest], HttpResponse]


@dataclass(frozen=True, slots=True)
class ShortCut:
    """Where a view answers a bank's calls, and the module that has to be switched on."""

    method: str
    path: str
    module: str
    view: View


_known: dict[tuple[str, str], ShortCut] = {}


def register_short_cut(cut: ShortCut) -> None:
    """The same view has to stand in the bank's routes: those are documented, and answer every other method, every
    other host, and a bank whose module is off.
    """
    _known[cut.method, cut.path] = cut


def short_cuts() -> list[ShortCut]:
    return list(_known.values())


class ShortCutMiddleware:
    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        cut = _known.get((request.method or "", request.path))
        bank = getattr(request, "context", None)
        if cut is None or not isinstance(bank, BankContext) or cut.module not in bank.modules:
            return self.get_response(request)
        response = cut.view(request)
        response["Content-Length"] = str(len(response.content))
        return response
