"""Every route there is, from the resolver and from the committed OpenAPI files, and what each asks for.

A route that is not described here is a test failure that names it: write down what it takes and who may.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from django.urls import URLPattern

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Route:
    """A URL pattern of a site as text, and its name."""

    pattern: str
    name: str


@dataclass(frozen=True, slots=True)
class Page:
    """An admin page: `kind` of object in its address (or none), who may, how it is asked for."""

    permission: str
    kind: str = ""
    method: str = "get"
    query: str = ""
    # What else stands in the address.
    fills: tuple[tuple[str, str], ...] = ()
    # False for a page that shows nothing of the object.
    shows: bool = True


@dataclass(frozen=True, slots=True)
class Section:
    """The pages that every table has."""

    kind: str
    view: str
    add: str = ""


def admin_routes(side: str) -> list[Route]:
    """Routes of a host that are not its API, the admin's unnamed ones by their pattern."""
    patterns = import_module(f"config.urls_{side}").urlpatterns
    return [Route(p, n) for p, n in _walk(patterns) if not p.startswith(("api/", "scim/"))]


def api_patterns(side: str) -> set[str]:
    """Patterns below api/ as OpenAPI writes them: `/api/v1/jobs/{job_id}`."""
    found = set()
    for pattern, _ in _walk(import_module(f"config.urls_{side}").urlpatterns):
        if pattern.startswith("api/"):
            parts = [part.partition(">") for part in pattern.split("<")]
            found.add("/" + _joined(parts))
    return found


def _joined(parts: list[tuple[str, str, str]]) -> str:
    text = parts[0][0]
    for inside, _, after in parts[1:]:
        text += "{" + inside.rpartition(":")[2] + "}" + after
    return text


def _walk(patterns: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    for each in patterns:
        here = prefix + str(each.pattern)
        if isinstance(each, URLPattern):
            yield here, each.name or ""
        else:
            yield from _walk(each.url_patterns, here)


def operations(side: str) -> list[str]:
    """`GET /api/v1/jobs` and the like, of the committed document; how a token is had is no operation on objects."""
    document = json.loads((ROOT / "docs" / "api" / f"openapi-{side}.json").read_text())
    return [
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method in methods
        if method in ("get", "post", "put", "patch", "delete") and "/oauth/" not in path
    ]


def page_of(route: Route, sections: dict[str, Section], pages: dict[str, Page]) -> Page | None:
    """What is known about an admin route; None for one nobody described."""
    if route.name in pages:
        return pages[route.name]
    for prefix, section in sections.items():
        wanted = {
            f"{prefix}_changelist": Page(section.view),
            f"{prefix}_add": Page(section.add, shows=False),
            f"{prefix}_history": Page(section.view, section.kind, shows=False),
            f"{prefix}_delete": Page("", section.kind),
            f"{prefix}_change": Page(section.view, section.kind),
        }
        if route.name in wanted:
            return wanted[route.name]
    return None


# Pages of sign-in on both sites: what nobody gets, and what a person who is signed in gets.
SIGN_IN = {
    "login": (200, 302),
    "logout": (405, 405),
    "password_change": (302, 200),
    "accounts_second_step": (302, 302),
    "accounts_enrol": (302, 200),
    "accounts_passkey_ask": (405, 405),
    "accounts_passkey_show": (405, 405),
    "accounts_passkey_ask_new": (405, 405),
    "accounts_passkey_new": (405, 405),
    "accounts_ask_reset": (200, 200),
    "accounts_reset": (404, 404),
    "accounts_prove": (302, 200),
    "accounts_security": (302, 200),
    "accounts_session_end": (302, 405),
    "accounts_end_others": (302, 405),
    "accounts_factor_remove": (302, 405),
    "accounts_codes_renew": (302, 405),
    # Not in use at the banks of these tests; tests/federation has it in use.
    "sso_start": (404, 404),
    "sso_callback": (400, 400),
    "sso_link": (302, 404),
    "sso_logout": (200, 200),
    "sso_backchannel": (405, 405),
    "sso_keys": (200, 200),
}
