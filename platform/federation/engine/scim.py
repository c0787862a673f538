"""SCIM bodies (RFC 7643, RFC 7644) as plain values: what a caller says of a person; plain Python."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
OPERATIONS_AT_MOST = 100
_FILTER = re.compile(
    r'^\s*(userName|externalId|id)\s+eq\s+"((?:[^"\\]|\\.){0,300})"\s*$', re.IGNORECASE
)
# Attributes of the core schema that directories send and we do not keep.
_PASSED_OVER = frozenset(
    name.lower()
    for name in (
        "schemas", "id", "meta", "nickName", "profileUrl", "title", "userType", "preferredLanguage",
        "locale", "timezone", "password", "phoneNumbers", "ims", "photos", "addresses", "groups",
        "entitlements", "x509Certificates",
    )
)  # fmt: skip


class ScimRefused(Exception):
    """A refusal by one of the `scimType`s of RFC 7644, table 9."""

    def __init__(self, kind: str, said: str, *, status: int = 400) -> None:
        super().__init__(said)
        self.kind, self.said, self.status = kind, said, status


@dataclass(frozen=True, slots=True)
class Person:
    """What a directory says of a person. `roles` None: it says nothing of them."""

    user_name: str = ""
    external_id: str = ""
    display_name: str = ""
    given_name: str = ""
    family_name: str = ""
    active: bool = True
    roles: tuple[str, ...] | None = None


def parse_filter(text: str) -> tuple[str, str]:
    """(attribute in lower case, value) of a filter like `userName eq "ann@bank.example"`."""
    found = _FILTER.match(text)
    if not found:
        raise ScimRefused(
            "invalidFilter", 'Filters are userName, externalId or id, eq, and a "value".'
        )
    return found[1].lower(), re.sub(r"\\(.)", r"\1", found[2])


def parse_person(body: Any, *, before: Person | None = None) -> Person:
    """A whole person (POST, PUT). What PUT leaves out is as if never said, but for roles and activity."""
    if not isinstance(body, Mapping):
        raise ScimRefused("invalidSyntax", "The body is not an object.")
    person = Person(
        active=before.active if before else True, external_id=before.external_id if before else ""
    )
    for name, value in body.items():
        person = _set(person, str(name), value)
    if not person.user_name:
        raise ScimRefused("invalidValue", "userName is required.")
    return person


def patched(person: Person, body: Any) -> Person:
    """The person after a PATCH, whichever way a directory writes it."""
    if not isinstance(body, Mapping) or PATCH not in _texts(body.get("schemas")):
        raise ScimRefused("invalidSyntax", f"A PATCH has the schema {PATCH}.")
    operations = body.get("Operations")
    if not isinstance(operations, list) or not 0 < len(operations) <= OPERATIONS_AT_MOST:
        raise ScimRefused("invalidSyntax", f"Between 1 and {OPERATIONS_AT_MOST} operations.")
    for operation in operations:
        person = _applied(person, operation)
    if not person.user_name:
        raise ScimRefused("invalidValue", "userName is required.")
    return person


def _applied(person: Person, operation: Any) -> Person:
    if not isinstance(operation, Mapping):
        raise ScimRefused("invalidSyntax", "An operation is an object.")
    verb, path = str(operation.get("op", "")).lower(), operation.get("path")
    if verb not in ("add", "replace", "remove"):
        raise ScimRefused("invalidSyntax", "op is add, replace or remove.")
    if path is not None and not isinstance(path, str):
        raise ScimRefused("invalidPath", "path is a text.")
    if verb == "remove":
        if not path:
            raise ScimRefused("noTarget", "remove needs a path.")
        return _removed(person, path)
    if "value" not in operation:
        raise ScimRefused("invalidValue", "value is missing.")
    value = operation["value"]
    if path:
        return _set(person, path, value, adding=verb == "add")
    if not isinstance(value, Mapping):
        raise ScimRefused("invalidValue", "Without a path, value is an object.")
    for name, each in value.items():
        person = _set(person, str(name), each, adding=verb == "add")
    return person


def _removed(person: Person, path: str) -> Person:
    empty: dict[str, Any] = {
        "externalid": {"external_id": ""}, "displayname": {"display_name": ""},
        "name.givenname": {"given_name": ""}, "name.familyname": {"family_name": ""},
        "name": {"given_name": "", "family_name": ""}, "roles": {"roles": ()},
        "active": {"active": False},
    }  # fmt: skip
    name = _plain(path)
    if name in empty:
        return replace(person, **empty[name])
    if name.startswith("roles[") and (found := re.search(r'value eq "([^"]*)"', path)):
        return replace(person, roles=tuple(r for r in person.roles or () if r != found[1]))
    if name.partition("[")[0].partition(".")[0] in _PASSED_OVER | {"emails"}:
        return person
    raise ScimRefused("invalidPath", "This attribute cannot be removed.")


def _set(person: Person, path: str, value: Any, *, adding: bool = False) -> Person:
    name = _plain(path)
    if name == "active":
        return replace(person, active=_truth(value))
    if name == "name":
        if not isinstance(value, Mapping):
            raise ScimRefused("invalidValue", "name is an object.")
        for part, each in value.items():
            person = _set(person, f"name.{part}", each)
        return person
    columns: dict[str, str] = {
        "username": "user_name", "externalid": "external_id", "displayname": "display_name",
        "name.givenname": "given_name", "name.familyname": "family_name",
    }  # fmt: skip
    if name in columns:
        changed: dict[str, Any] = {columns[name]: _text(path, value)}
        return replace(person, **changed)
    if name == "name.formatted":
        return replace(person, display_name=person.display_name or _text(path, value))
    if name == "roles" or name.startswith("roles["):
        given = _roles(value)
        kept = (person.roles or ()) if adding and name == "roles" else ()
        return replace(person, roles=tuple(dict.fromkeys((*kept, *given))))
    if _is_passed_over(name):
        return person
    raise ScimRefused("invalidPath", f"The attribute {path[:100]} is not known.")


def _is_passed_over(name: str) -> bool:
    """Extensions, further parts of the name, e-mail addresses (userName is the one that counts)."""
    first = name.partition("[")[0].partition(".")[0]
    return first in _PASSED_OVER | {"emails", "name"} or name.startswith("urn:")


def _plain(path: str) -> str:
    """Names compare without regard to case; the core schema's own prefix says nothing."""
    text = path.strip().lower()
    return text.removeprefix(USER.lower() + ":")


def _truth(value: Any) -> bool:
    """true; "True" as one directory sends it; [{"value": false}] as another does."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, Mapping):
        value = value.get("value")
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise ScimRefused("invalidValue", "active is true or false.")


def _text(path: str, value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > 254 or "\x00" in value:
        raise ScimRefused("invalidValue", f"{path[:100]} is a text of at most 254 characters.")
    return value.strip()


def _roles(value: Any) -> tuple[str, ...]:
    """Texts, or objects with a `value`."""
    given = value if isinstance(value, list) else [value]
    found = [each.get("value") if isinstance(each, Mapping) else each for each in given[:100]]
    if not all(isinstance(each, str) for each in found):
        raise ScimRefused("invalidValue", "roles are texts or objects with a value.")
    return tuple(str(each) for each in found)


def _texts(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
