"""Every page of a bank's host x nobody, the other bank's people, each role x own, foreign and absent ids."""

import re
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts import policies
from accounts.choices import BANK_ROLES
from tests.isolation.bank_pages import (
    OBJECT_ROUTES,
    PAGES,
    ROUTES,
    SECTIONS,
    SITE,
    address,
    own_ids,
)
from tests.isolation.routes import Page, Route, page_of
from tests.isolation.world import SHARED, World

ABSENT = {
    "client": "799999",
    "model_or_load": "019ab000-0000-7000-8000-0000000000ff",
    "invitation": "no-such-token",
}
OPEN = {"invitation"}
# The redirect from `<id>/` to `<id>/change/` and the last resort, neither of which looks anything up.
UNNAMED = {r.pattern for r in ROUTES if not r.name}
IDS = [f"{r.name or r.pattern}" for r in ROUTES]


@pytest.fixture(scope="package")
def browsers(worlds) -> dict[str, Client]:
    """At Alpha: each role, all roles at once, nobody's, and people of Beta with Beta's cookies."""
    ours, theirs = worlds
    found = {name: ours.browser(user) for name, user in ours.users.items()}
    found["foreign"] = theirs.browser(theirs.users["everybody"])
    found["foreign"].defaults["HTTP_HOST"] = ours.bank.host
    found["anonymous"] = Client(HTTP_HOST=ours.bank.host)
    return found


def get(world: World, client: Client, address: str, method: str = "get") -> tuple[int, str, Any]:
    """(status, everything that came back, the answer); what the request changed is undone."""
    with transaction.atomic():
        answer = getattr(client, method)(address)
        body = b"".join(answer) if answer.streaming else answer.content
        transaction.set_rollback(True)
    text = body.decode(errors="replace")
    return answer.status_code, f"{dict(answer.headers)}{text}", answer


def holders(permission: str) -> frozenset[str]:
    return policies.find(permission).roles if permission else frozenset()


def test_every_route_is_listed():
    unlisted = [
        route.name or route.pattern
        for route in ROUTES
        if route.name not in SITE
        and route.name not in OPEN
        and page_of(route, SECTIONS, PAGES) is None
        and route.pattern not in UNNAMED
    ]
    assert not unlisted, f"unlisted route: {unlisted}"
    known = set(IDS)
    gone = [n for n in {*SITE, *PAGES} - {""} if n not in known]
    assert not gone, f"routes that are gone: {gone}"


@pytest.mark.parametrize(("route", "page"), OBJECT_ROUTES, ids=[r.name for r, _ in OBJECT_ROUTES])
def test_page(worlds, browsers, route: Route, page: Page):
    ours, theirs = worlds
    key, foreign = (own_ids(w).get(page.kind, "") for w in (ours, theirs))
    absent = ABSENT["client" if page.kind == "client" else "model_or_load"]
    allowed = holders(page.permission)
    for name in sorted({*BANK_ROLES, "nobody", "everybody"}):
        may = name in allowed or (name == "everybody" and bool(allowed))
        status, text, answer = get(
            ours, browsers[name], address(route, page, key, ours.ids), page.method
        )
        if may:
            assert status in (200, 302), (name, status, text[:500])
            assert status == 200 or "/login/" not in answer["Location"], name
        else:
            assert status == 403, (name, status, text[:500])
        assert theirs.canary.lower() not in text.lower(), name
        if name == "everybody" and may and page.shows and status == 200:
            assert ours.canary.lower() in text.lower(), "the page shows nothing of its bank"
        if not page.kind:
            continue
        seen = {}
        for other in (foreign, absent):
            found, text, _ = get(
                ours, browsers[name], address(route, page, other, ours.ids), page.method
            )
            assert found in ((200 if page.query else 404,) if may else (403, 404)), (name, found)
            assert theirs.canary.lower() not in text.lower(), name
            seen[other] = re.sub(rf"{other}|[0-9a-f]{{32}}", "", text)
        if not page.query:
            assert seen[foreign] == seen[absent], f"{name} can tell a foreign id from none"
    for name in ("anonymous", "foreign"):
        for each in {key, foreign}:
            status, text, answer = get(
                ours, browsers[name], address(route, page, each, ours.ids), page.method
            )
            assert (status, "/admin/login/" in answer.get("Location", "")) == (302, True), name
            assert ours.canary.lower() not in text.lower(), name
            assert theirs.canary.lower() not in text.lower(), name


SITE_ROUTES = [r for r in ROUTES if r.name in SITE and r.pattern not in UNNAMED - {""}]


@pytest.mark.parametrize("route", SITE_ROUTES, ids=[r.name or "root" for r in SITE_ROUTES])
def test_page_of_the_site(worlds, browsers, route: Route):
    ours, theirs = worlds
    place = re.sub(r"\^?\(\?P<app_label>[^)]*\)", "datasets", route.pattern).rstrip("$")
    place = place.replace("<path:content_type_id>", "1").replace("<slug:kind>", "app")
    place = re.sub(r"<(path|uuid):\w+>", ours.ids["job"], place)
    place = place.replace("<str:token>", ABSENT["invitation"])
    for name, client in browsers.items():
        status, text, _ = get(ours, client, f"/{place}")
        outside = name in ("anonymous", "foreign")
        nothing_there = route.name == "app_list" and name == "nobody"
        assert status == (404 if nothing_there else SITE[route.name][0 if outside else 1]), name
        assert theirs.canary.lower() not in text.lower(), name
        assert not outside or ours.canary.lower() not in text.lower(), name


@pytest.mark.parametrize("pattern", sorted(UNNAMED - {""}))
def test_unnamed_route_looks_nothing_up(worlds, browsers, pattern):
    ours, theirs = worlds
    last_resort = pattern.endswith("(?P<url>.*)$")
    for key in (*own_ids(theirs).values(), "nothing"):
        place = pattern.replace("<path:object_id>", key).replace("(?P<url>.*)$", key)
        status, text, answer = get(ours, browsers["everybody"], f"/{place}")
        assert status == (404 if last_resort else 302), key
        assert last_resort or answer["Location"].endswith(f"/{key}/change/"), key
        assert theirs.canary.lower() not in text.lower()


def test_invitation_opens_at_its_own_bank_only(worlds, browsers):
    ours, theirs = worlds
    for name in ("anonymous", "foreign", "everybody"):
        for token, status in (
            (ours.ids["invitation"], 200),
            (theirs.ids["invitation"], 404),
            (ABSENT["invitation"], 404),
        ):
            found, text, _ = get(ours, browsers[name], f"/admin/invitation/{token}/")
            assert found == status
            assert theirs.canary.lower() not in text.lower()


SHARED_PAGES = {
    "dataset": "/admin/datasets/dataset/{}/change/",
    "job": "/admin/jobs/job/{}/change/",
    "user": "/admin/accounts/user/{}/change/",
}


@pytest.mark.parametrize("kind", sorted(SHARED_PAGES))
def test_a_key_both_banks_have_shows_the_own_row(worlds, kind):
    for ours, theirs in (worlds, worlds[::-1]):
        place = SHARED_PAGES[kind].format(SHARED[kind])
        status, text, _ = get(ours, ours.browser(ours.users["everybody"]), place)
        assert status == 200
        assert f"{ours.canary} twin" in text
        assert theirs.canary.lower() not in text.lower()


@pytest.mark.parametrize(
    "place",
    [
        "/admin/datasets/dataset/?q={}",
        "/admin/scoring/modelversion/?q={}",
        "/admin/scoring/decision/?q={}-A1",
        "/admin/jobs/job/?q={}",
        "/admin/accounts/user/?q={}",
        "/admin/search/?s={}",
        "/admin/datasets/dataset/?export=csv",
        "/admin/scoring/modelversion/?export=csv",
        "/admin/scoring/policyversion/?export=csv",
        "/admin/scoring/decision/?export=csv",
        "/admin/scoring/batchrun/?export=csv",
    ],
)
def test_searching_and_exporting_stay_inside(worlds, browsers, place):
    """The foreign word that was searched for is repeated by the search box and nothing else."""
    ours, theirs = worlds
    status, text, _ = get(ours, browsers["everybody"], place.format(theirs.canary))
    assert status == 200
    assert f"{theirs.canary} " not in text
    assert f"{theirs.canary.lower()}@" not in text
    assert f"card-{theirs.canary.lower()}" not in text
