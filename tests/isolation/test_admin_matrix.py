"""Every page of a bank's host x nobody, the other bank's people, each role x own, foreign and absent ids."""

import re
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts import policies
from accounts.choices import BANK_ROLES
from audit.models import AuditEntry
from core.tenancy import bank_scope
from tests.isolation.routes import Page, Route, Section, admin_routes, page_of
from tests.isolation.world import SHARED, World

ABSENT = {
    "client": "799999",
    "model_or_load": "019ab000-0000-7000-8000-0000000000ff",
    "invitation": "no-such-token",
}
SECTIONS = {
    "accounts_user": Section("user", "accounts.user.view", "accounts.user.change"),
    "accounts_apiclient": Section("client", "accounts.client.view", "accounts.client.change"),
    "audit_auditentry": Section("entry", "audit.view"),
    "jobs_job": Section("job", "jobs.view"),
    "datasets_dataset": Section("dataset", "datasets.view", "datasets.upload"),
    "datasets_datasetload": Section("load", "datasets.view"),
    "scoring_modelrun": Section("run", "scoring.view", "scoring.train"),
    "scoring_modelversion": Section("version", "scoring.view"),
    "scoring_policyversion": Section("policy", "scoring.view"),
    "scoring_decision": Section("decision", "scoring.decision.view"),
    "scoring_batchrun": Section("batch", "scoring.view", "scoring.batch"),
}
_ROWS, _BINS = (("key", "rows"),), (("key", "bins-0"),)
PAGES = {
    "accounts_user_disable": Page("accounts.user.change", "user"),
    "accounts_user_enable": Page("accounts.user.change", "user"),
    "accounts_user_invite_again": Page("accounts.user.change", "user"),
    "accounts_apiclient_rotate": Page("accounts.client.change", "client"),
    "accounts_apiclient_revoke": Page("accounts.client.change", "client"),
    "job_progress": Page("jobs.view", "job", shows=False),
    "jobs_job_cancel": Page("jobs.control", "job"),
    "jobs_job_resume": Page("jobs.control", "job"),
    "datasets_dataset_upload": Page("datasets.upload", "dataset"),
    "datasets_contract": Page("datasets.view", "dataset"),
    "datasets_contract_confirm": Page("datasets.contract.confirm", "dataset"),
    "datasets_load_state": Page("datasets.view", "load", shows=False),
    "datasets_load_again": Page("datasets.upload", "load"),
    "datasets_load_picture": Page("datasets.view", "load", fills=_ROWS, shows=False),
    "datasets_quarantine": Page("datasets.quarantine.view", "load"),
    "datasets_quarantine_file": Page("datasets.quarantine.view", "load", fills=(("kind", "csv"),)),
    "scoring_work": Page("scoring.view", shows=False),
    "scoring_run_columns": Page("scoring.train", "load", query="load", shows=False),
    "scoring_run_state": Page("scoring.view", "run", shows=False),
    "scoring_version_submit": Page("scoring.submit", "version"),
    "scoring_version_approve": Page("scoring.approve", "version"),
    "scoring_version_reject": Page("scoring.approve", "version"),
    "scoring_version_deploy": Page("scoring.deploy", "version"),
    "scoring_version_retire": Page("scoring.deploy", "version"),
    "scoring_version_picture": Page("scoring.view", "version", fills=_BINS, shows=False),
    "scoring_version_bins": Page("scoring.view", "version", fills=(("place", "0"),)),
    "scoring_policy_submit": Page("scoring.policy.change", "policy"),
    "scoring_policy_approve": Page("scoring.policy.approve", "policy"),
    "scoring_policy_reject": Page("scoring.policy.approve", "policy"),
    "scoring_policy_deploy": Page("scoring.deploy", "policy"),
    "scoring_policy_retire": Page("scoring.deploy", "policy"),
    "scoring_policy_edit": Page("scoring.policy.change", "policy"),
    "scoring_policy_json": Page("scoring.policy.change", "policy"),
    "scoring_decision_inputs": Page("scoring.decision.view", "decision", method="post"),
    "scoring_decision_replay": Page("scoring.decision.view", "decision", method="post"),
    "scoring_batch_state": Page("scoring.view", "batch", shows=False),
    "scoring_batch_results": Page("scoring.batch", "batch", fills=(("kind", "csv"),)),
}
# Pages of the site itself: what nobody gets, and what a person gets.
SITE = {
    "": (302, 302),
    "index": (302, 200),
    "login": (200, 302),
    "logout": (302, 405),
    "password_change": (302, 200),
    "password_change_done": (302, 200),
    "autocomplete": (302, 403),
    "jsi18n": (302, 200),
    "search": (302, 200),
    "set_language": (302, 302),
    "app_list": (302, 200),
    "view_on_site": (302, 404),
}
OPEN = {"invitation"}
ROUTES = admin_routes("bank")
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


def address(route: Route, page: Page, key: str) -> str:
    """The route with an object's id in it."""
    filled = re.sub(r"<[a-z]+:object_id>|<uuid:job_id>", key, route.pattern)
    for name, value in page.fills:
        filled = re.sub(rf"<[a-z]+:{name}>", value, filled)
    return f"/{filled}" + (f"?{page.query}={key}" if page.query else "")


def own_ids(world: World) -> dict[str, str]:
    with bank_scope(world.bank):
        entry = AuditEntry.objects.filter(actor_label__contains=world.canary).latest("id")
    return {**world.ids, "entry": str(entry.pk)}


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


OBJECT_ROUTES = [
    (route, page)
    for route in ROUTES
    if route.name not in SITE and (page := page_of(route, SECTIONS, PAGES)) is not None
]


@pytest.mark.parametrize(("route", "page"), OBJECT_ROUTES, ids=[r.name for r, _ in OBJECT_ROUTES])
def test_page(worlds, browsers, route: Route, page: Page):
    ours, theirs = worlds
    key, foreign = (own_ids(w).get(page.kind, "") for w in (ours, theirs))
    absent = ABSENT["client" if page.kind == "client" else "model_or_load"]
    allowed = holders(page.permission)
    for name in sorted({*BANK_ROLES, "nobody", "everybody"}):
        may = name in allowed or (name == "everybody" and bool(allowed))
        status, text, answer = get(ours, browsers[name], address(route, page, key), page.method)
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
            found, text, _ = get(ours, browsers[name], address(route, page, other), page.method)
            assert found in ((200 if page.query else 404,) if may else (403, 404)), (name, found)
            assert theirs.canary.lower() not in text.lower(), name
            seen[other] = re.sub(rf"{other}|[0-9a-f]{{32}}", "", text)
        if not page.query:
            assert seen[foreign] == seen[absent], f"{name} can tell a foreign id from none"
    for name in ("anonymous", "foreign"):
        for each in {key, foreign}:
            status, text, answer = get(
                ours, browsers[name], address(route, page, each), page.method
            )
            assert (status, "/admin/login/" in answer.get("Location", "")) == (302, True), name
            assert ours.canary.lower() not in text.lower(), name
            assert theirs.canary.lower() not in text.lower(), name


SITE_ROUTES = [r for r in ROUTES if r.name in SITE and r.pattern not in UNNAMED - {""}]


@pytest.mark.parametrize("route", SITE_ROUTES, ids=[r.name or "root" for r in SITE_ROUTES])
def test_page_of_the_site(worlds, browsers, route: Route):
    ours, theirs = worlds
    place = re.sub(r"\^?\(\?P<app_label>[^)]*\)", "datasets", route.pattern).rstrip("$")
    place = place.replace("<path:content_type_id>", "1").replace(
        "<path:object_id>", ours.ids["job"]
    )
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
