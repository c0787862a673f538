"""Named permissions, deny by default: each module registers its own at start-up.

A permission says which roles (people) and which scopes (API clients) hold it. Nobody holds one that is not
registered; asking for an unknown one is an error, so that a misspelt name cannot open a door.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from core.actors import Actor
from core.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Permission:
    """`code` like `scoring.model.approve`; `scope` like `scoring:read`, or empty when no client may do it."""

    code: str
    roles: frozenset[str]
    scope: str = ""


_registry: dict[str, Permission] = {}
_scopes: dict[str, str] = {}
_operator_scopes: set[str] = set()


def register(code: str, *, roles: Iterable[str], scope: str = "") -> None:
    """Register a permission once. Raises ValueError when `code` exists with other holders."""
    permission = Permission(code=code, roles=frozenset(str(r) for r in roles), scope=scope)
    if _registry.setdefault(code, permission) != permission:
        raise ValueError(f"Permission {code!r} is registered twice, differently.")


def register_scope(scope: str, description: str, *, operators_only: bool = False) -> None:
    """Register an OAuth scope that API clients may be given; some mean something on the ops host alone."""
    _scopes[scope] = description
    if operators_only:
        _operator_scopes.add(scope)


def scopes() -> dict[str, str]:
    """All scopes with their descriptions."""
    return dict(_scopes)


def bank_scopes() -> dict[str, str]:
    """Those that mean something at a bank."""
    return {scope: text for scope, text in _scopes.items() if scope not in _operator_scopes}


def permissions() -> dict[str, Permission]:
    return dict(_registry)


def find(code: str) -> Permission:
    """The permission. Raises LookupError when it was never registered."""
    try:
        return _registry[code]
    except KeyError:
        raise LookupError(f"Unknown permission {code!r}.") from None


def allowed(actor: Actor, code: str) -> bool:
    """True when the actor's roles, scopes or kind hold the permission."""
    permission = find(code)
    if actor.kind == "system":
        return True
    if actor.kind == "client":
        return bool(permission.scope) and permission.scope in actor.scopes
    return bool(permission.roles & actor.roles)


def require(actor: Actor, code: str) -> None:
    """Raise `Forbidden` unless the actor holds the permission."""
    if not allowed(actor, code):
        raise Forbidden(f"This needs the permission {code}.", code="permission_denied")
