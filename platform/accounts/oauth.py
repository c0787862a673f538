"""OAuth 2.0 client credentials: a client gets the scopes it was given, and no other."""

from typing import Any

from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.scopes import BaseScopes

from accounts import policies


class ClientScopes(BaseScopes):  # type: ignore[misc]
    """Scopes come from the modules' registrations, limited per client."""

    def get_all_scopes(self) -> dict[str, str]:
        return policies.scopes()

    def get_available_scopes(
        self, application: Any = None, request: Any = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        known = policies.scopes()
        return [
            scope for scope in (application.allowed_scopes if application else ()) if scope in known
        ]

    def get_default_scopes(
        self, application: Any = None, request: Any = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        return self.get_available_scopes(application, request)


class ClientValidator(OAuth2Validator):  # type: ignore[misc]
    """Only the client-credentials grant exists here."""

    def _load_application(self, client_id: str, request: Any) -> Any:
        # An HTTP Basic header may hold what a form may not.
        if not client_id or "\x00" in client_id:
            return None
        return super()._load_application(client_id, request)

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        return grant_type == "client_credentials" and super().validate_grant_type(
            client_id, grant_type, client, request, *args, **kwargs
        )
