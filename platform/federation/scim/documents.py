"""What the service says of itself (RFC 7643, sections 5 to 7), and a person as a resource."""

from typing import Any

from accounts.models import User
from federation.engine.scim import USER
from federation.services.directory import COUNT_AT_MOST, as_person

CONFIG_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
TYPE_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
SCHEMA_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Schema"


def config(base: str) -> dict[str, Any]:
    no = {"supported": False}
    return {
        "schemas": [CONFIG_SCHEMA],
        "patch": {"supported": True},
        "bulk": {**no, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": COUNT_AT_MOST},
        "changePassword": no,
        "sort": no,
        "etag": no,
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "OAuth 2.0 bearer token",
                "description": "Client credentials with the scope scim.",
            }
        ],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": f"{base}/ServiceProviderConfig",
        },
    }


def user_type(base: str) -> dict[str, Any]:
    return {
        "schemas": [TYPE_SCHEMA],
        "id": "User",
        "name": "User",
        "endpoint": "/Users",
        "schema": USER,
        "meta": {"resourceType": "ResourceType", "location": f"{base}/ResourceTypes/User"},
    }


def user_schema(base: str) -> dict[str, Any]:
    def one(name: str, kind: str = "string", **more: Any) -> dict[str, Any]:
        return {
            "name": name, "type": kind, "multiValued": False, "required": False, "caseExact": False,
            "mutability": "readWrite", "returned": "default", "uniqueness": "none", **more,
        }  # fmt: skip

    return {
        "schemas": [SCHEMA_SCHEMA],
        "id": USER,
        "name": "User",
        "attributes": [
            one("userName", required=True, uniqueness="server"),
            one("externalId", caseExact=True, uniqueness="server"),
            one("displayName"),
            one("name", "complex", subAttributes=[one("givenName"), one("familyName")]),
            one("active", "boolean"),
            one("emails", "complex", multiValued=True, mutability="readOnly", subAttributes=[one("value")]),
            one("roles", "complex", multiValued=True, subAttributes=[one("value")]),
        ],
        "meta": {"resourceType": "Schema", "location": f"{base}/Schemas/{USER}"},
    }  # fmt: skip


def resource(user: User, base: str) -> dict[str, Any]:
    """A person."""
    person = as_person(user)
    row = getattr(user, "scim", None)
    changed = row.updated_at if row is not None else user.created_at
    return {
        "schemas": [USER],
        "id": str(user.pk),
        **({"externalId": person.external_id} if person.external_id else {}),
        "userName": person.user_name,
        "displayName": person.display_name,
        "name": {"givenName": person.given_name, "familyName": person.family_name},
        "emails": [{"value": person.user_name, "type": "work", "primary": True}],
        "active": person.active,
        "roles": [{"value": role} for role in person.roles or ()],
        "meta": {
            "resourceType": "User",
            "created": user.created_at.isoformat(),
            "lastModified": changed.isoformat(),
            "location": f"{base}/Users/{user.pk}",
        },
    }
