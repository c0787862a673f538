"""Promise 15: a session with a password alone reaches no page, no form and no endpoint of either site."""

import re
from urllib.parse import unquote

import pytest
from django.test import Client

from accounts.models import User
from core.tenancy import bank_scope, public_scope
from tests.conftest import PASSWORD
from tests.isolation.routes import admin_routes
from tests.sign_in import give_app, half_sign_in, next_code

# What the half session is there for; the rest of the list is what takes a visitor who is nobody.
SECOND_STEP = {
    "accounts_second_step",
    "accounts_enrol",
    "accounts_passkey_ask",
    "accounts_passkey_show",
}
VISITORS = {
    "login", "logout", "accounts_ask_reset", "accounts_reset", "invitation", "set_language", "",
    "accounts_passkey_ask_new", "accounts_passkey_new", "sso_start", "sso_callback",
    "sso_logout", "sso_backchannel", "sso_keys",
}  # fmt: skip
SOME_ID = "019ab000-0000-7000-8000-0000000000ff"


def places(side: str) -> list[tuple[str, str]]:
    """(name, address) of every route of a site that is not the API's, with some id in it."""
    found = []
    for route in admin_routes(side):
        text = re.sub(r"\^?\(\?P<app_label>[^)]*\)", "accounts", route.pattern).rstrip("$")
        text = text.replace("(?P<url>.*)", "anything").replace("<path:content_type_id>", "1")
        text = re.sub(r"<(int|slug):\w+>", lambda m: "1" if m[1] == "int" else "app", text)
        found.append((route.name, "/" + re.sub(r"<\w+:\w+>", SOME_ID, text)))
    return found


@pytest.fixture
def half(db, bank_a, person):
    """half("bank", factor=True) -> a browser with a password-only session at that site."""

    def make(side: str, *, factor: bool) -> Client:
        if side == "bank":
            user = person(bank_a, *sorted({"bank_admin", "risk_analyst", "compliance"}))
            client, scope = Client(HTTP_HOST=bank_a.host), bank_scope(bank_a)
        else:
            client, scope = Client(HTTP_HOST="ops.localhost"), public_scope()
        with scope:
            if side == "ops":
                user = User.objects.create(email="o@p.test", name="Olga", roles=["operator"])
            if factor:
                give_app(user)
            half_sign_in(client, user)
        return client

    return make


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("side", ["bank", "ops"])
def test_no_page_opens(half, side, method):
    client = half(side, factor=True)
    opened = []
    for name, place in places(side):
        if name in SECOND_STEP or name in VISITORS:
            continue
        for headers in ({}, {"HX-Request": "true"}):
            answer = getattr(client, method)(place, headers=headers)
            gone = answer.status_code in (401, 404, 405) or (
                answer.status_code == 302
                and answer["Location"].startswith(("/admin/login/", "/admin/second-step/"))
            )
            if not gone or answer.content.strip():
                opened.append((name, place, answer.status_code, answer.get("Location", "")))
    # The one text there is: a bare refusal of a method or an address.
    assert [found for found in opened if found[2] not in (404, 405)] == []
    assert len(places(side)) > 60


@pytest.mark.parametrize("side", ["bank", "ops"])
def test_pages_that_take_visitors_show_a_half_session_nothing_of_the_inside(half, side):
    client = half(side, factor=True)
    for name, place in places(side):
        if name in VISITORS - {"logout", ""}:
            answer = client.get(place)
            text = answer.content.decode()
            assert answer.status_code in (200, 302, 400, 404, 405), name
            assert "/accounts/user/" not in text, name
            assert "Sign-in and security" not in text, name


def test_a_half_session_enrols_only_the_very_first_factor(half):
    with_factor, without = half("bank", factor=True), half("bank", factor=False)
    for place in ("/admin/second-step/enrol/",):
        assert with_factor.get(place)["Location"] == "/admin/second-step/"
        assert with_factor.post(place, {"code": "1", "token": "x"}).status_code == 302
        assert without.get(place).status_code == 200
    for place in ("/admin/passkey/ask-new/", "/admin/passkey/new/"):
        assert with_factor.post(place)["Location"] == "/admin/second-step/"
    assert without.post("/admin/passkey/ask-new/").json()["rp"]["id"] == "alpha.localhost"


def test_the_api_takes_no_session(staff, bank_a):
    browser = staff(bank_a, "bank_admin")
    assert browser.get("/api/v1/jobs").status_code == 401


def test_both_steps_by_the_pages_lead_to_the_page_asked_for(bank_a, person):
    user = person(bank_a, "bank_admin")
    with bank_scope(bank_a):
        device = give_app(user)
    client = Client(HTTP_HOST=bank_a.host)
    sent = client.get("/admin/accounts/user/")
    place = sent["Location"]
    assert place == "/admin/login/?next=/admin/accounts/user/"
    planted = client.cookies.get("sessionid")
    half_way = client.post(place, {"username": user.email, "password": PASSWORD})
    assert unquote(half_way["Location"]) == "/admin/second-step/?next=/admin/accounts/user/"
    first_key = client.cookies["sessionid"].value
    assert planted is None or planted.value != first_key
    with bank_scope(bank_a):
        code = next_code(device)
    done = client.post(half_way["Location"], {"code": code})
    assert (done.status_code, done["Location"]) == (302, "/admin/accounts/user/")
    assert client.cookies["sessionid"].value != first_key
    assert client.get("/admin/accounts/user/").status_code == 200
    # A key from before the second step is worth nothing after it.
    stale = Client(HTTP_HOST=bank_a.host)
    stale.cookies["sessionid"] = first_key
    assert stale.get("/admin/").status_code == 302
    # The same code is refused in another browser.
    other = Client(HTTP_HOST=bank_a.host)
    other.post("/admin/login/", {"username": user.email, "password": PASSWORD})
    assert "used already" in other.post("/admin/second-step/", {"code": code}).content.decode()
    assert other.get("/admin/").status_code == 302


@pytest.mark.parametrize("next_place", ["https://evil.test/", "//evil.test", "javascript:alert(1)"])
def test_nobody_is_sent_elsewhere(bank_a, person, next_place):
    user = person(bank_a, "bank_admin")
    with bank_scope(bank_a):
        give_app(user)
    client = Client(HTTP_HOST=bank_a.host)
    answer = client.post(
        f"/admin/login/?next={next_place}", {"username": user.email, "password": PASSWORD}
    )
    assert answer["Location"] == "/admin/second-step/"
