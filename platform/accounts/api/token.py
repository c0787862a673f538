"""The token endpoint (RFC 6749, section 3.2), for client credentials alone."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from oauth2_provider.views import RevokeTokenView, TokenView


@method_decorator(csrf_exempt, name="dispatch")
class Token(TokenView):  # type: ignore[misc]
    """POST grant_type=client_credentials with HTTP Basic or in the body."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # RFC 6749, appendix A: these parameters are printable ASCII, and PostgreSQL compares no NUL.
        if any("\x00" in value for value in request.POST.values()):
            return JsonResponse({"error": "invalid_request"}, status=400)
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response


class Revoke(RevokeTokenView):  # type: ignore[misc]
    """POST token (RFC 7009)."""
