"""Content security policy: strict everywhere; the admin's own scripts need evaluation (Alpine), so only there."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

STRICT = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
ADMIN = (
    "default-src 'self'; script-src 'self' 'unsafe-eval' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "worker-src 'self' blob:; img-src 'self' data:; font-src 'self' data:; frame-ancestors 'none'; "
    "base-uri 'self'; form-action 'self'; object-src 'none'"
)
DOCS = ADMIN


class SecurityHeadersMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        page = request.path.startswith(("/admin/", "/api/docs"))
        response.setdefault("Content-Security-Policy", ADMIN if page else STRICT)
        response.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        if request.path.startswith(("/admin/", "/api/")):
            response.setdefault("Cache-Control", "no-store")
        return response
