"""How the API's description names our authentication."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

from accounts import policies


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """OAuth 2.0 client credentials."""

    target_class = "accounts.authentication.BearerAuthentication"
    name = "oauth2"

    def get_security_requirement(self, auto_schema: Any) -> dict[str, list[str]]:
        """The scope that the operation's permission asks for."""
        codes = getattr(auto_schema.view, "permission_codes", {})
        code = codes.get(auto_schema.method)
        scope = policies.find(code).scope if code else ""
        return {self.name: [scope] if scope else []}

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        flow = {
            "tokenUrl": "/api/v1/oauth/token",
            "scopes": dict(sorted(policies.scopes().items())),
        }
        return {"type": "oauth2", "flows": {"clientCredentials": flow}}
