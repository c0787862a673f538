"""What an ID token's claims mean under a bank's settings; plain Python."""

from collections.abc import Collection, Mapping
from typing import Any

VALUES_AT_MOST = 1_000


def values_of(claims: Mapping[str, Any], path: str) -> list[str]:
    """Texts of a claim; `realm_access.roles` reaches into an object. A claim's own name may hold dots."""
    found: Any = claims.get(path)
    if found is None and "." in path:
        found = claims
        for part in path.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return [found]
    if isinstance(found, list):
        return [each for each in found[:VALUES_AT_MOST] if isinstance(each, str)]
    return []


def roles_of(claims: Mapping[str, Any], path: str, role_map: Mapping[str, str]) -> list[str]:
    """Roles that the claim's values stand for; a value nobody mapped means nothing."""
    return sorted({role_map[value] for value in values_of(claims, path) if value in role_map})


def email_of(claims: Mapping[str, Any]) -> str:
    """The e-mail address, or "" when there is none or the provider says that it is not verified."""
    email = claims.get("email")
    if not isinstance(email, str) or claims.get("email_verified") in (False, "false", "False"):
        return ""
    return email.strip()


def is_in_domains(email: str, domains: Collection[str]) -> bool:
    """True when the part after the last @ is one of the domains; a subdomain is another domain."""
    return email.rpartition("@")[2].lower() in {domain.lower() for domain in domains}


def shows_second_factor(claims: Mapping[str, Any], accepted: Collection[str]) -> bool:
    """True when `amr` (RFC 8176) or `acr` holds a value the bank takes for a second factor."""
    shown = {*values_of(claims, "amr"), *values_of(claims, "acr")}
    return bool(shown & set(accepted))
