"""The side bar and the overview page, composed of what modules register."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse


@dataclass(frozen=True, slots=True)
class NavItem:
    """A link. `view` is a URL name without the site's name space; `permission` hides it from who lacks it."""

    title: Any
    icon: str
    view: str
    permission: str
    group: Any
    order: int = 50
    module: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """A piece of the overview page: `render(request)` gives safe HTML, or an empty text for nothing."""

    key: str
    permission: str
    render: Callable[[HttpRequest], str]
    order: int = 50
    module: str = ""


_items: dict[str, list[NavItem]] = {"bank": [], "ops": []}
_account: dict[str, list[tuple[Any, str]]] = {"bank": [], "ops": []}
_panels: dict[str, list[Panel]] = {"bank": [], "ops": []}


def add_items(site: str, *items: NavItem) -> None:
    _items[site] += [item for item in items if item not in _items[site]]


def add_panels(site: str, *panels: Panel) -> None:
    _panels[site] += [panel for panel in panels if panel not in _panels[site]]


def visible_panels(site: str, request: HttpRequest) -> list[Panel]:
    """Panels this person may see, in order."""
    return sorted((p for p in _panels[site] if _shown(p, request)), key=lambda p: p.order)


def _shown(entry: NavItem | Panel, request: HttpRequest) -> bool:
    bank = getattr(request, "bank", None)
    if entry.module and bank is not None and entry.module not in bank.modules:
        return False
    return bool(request.user.has_perm(entry.permission))


def _navigation(site: str, request: HttpRequest) -> list[dict[str, Any]]:
    if not request.user.is_authenticated:
        return []
    groups: dict[str, list[dict[str, Any]]] = {}
    for item in sorted(_items[site], key=lambda i: i.order):
        if _shown(item, request):
            link = {"title": item.title, "icon": item.icon, "link": reverse(f"{site}:{item.view}")}
            groups.setdefault(str(item.group), []).append(link)
    return [{"title": group, "separator": False, "items": links} for group, links in groups.items()]


def bank_navigation(request: HttpRequest) -> list[dict[str, Any]]:
    return _navigation("bank", request)


def ops_navigation(request: HttpRequest) -> list[dict[str, Any]]:
    return _navigation("ops", request)


def add_account_links(site: str, *links: tuple[Any, str]) -> None:
    """Links of the menu under a person's name: (title, URL name without the site's name space)."""
    _account[site] += [link for link in links if link not in _account[site]]


def _account_links(site: str, request: HttpRequest) -> list[dict[str, Any]]:
    if not request.user.is_authenticated:
        return []
    return [{"title": title, "link": reverse(f"{site}:{view}")} for title, view in _account[site]]


def bank_account(request: HttpRequest) -> list[dict[str, Any]]:
    return _account_links("bank", request)


def ops_account(request: HttpRequest) -> list[dict[str, Any]]:
    return _account_links("ops", request)
