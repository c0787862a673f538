"""What one bank has given out is worth nothing at another: secrets, tokens, sessions, keys, cursors, form tokens."""

import json
import re

import pytest
from django.db import transaction
from django.test import Client

from accounts import policies
from accounts.models import ApiClient
from accounts.services import create_client
from core.actors import system_actor
from core.tenancy import bank_scope
from scoring.api.v1.tokens import forget_tokens
from scoring.models import Decision
from tests.scoring import portfolio

PATHS = ("/api/v1/jobs", "/api/v1/scoring/decisions")


@pytest.fixture(autouse=True)
def _undone(worlds):
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    forget_tokens()


def body(world, application: str) -> bytes:
    return json.dumps(
        {"application": application, "inputs": {**portfolio.GOOD, "region": "south"},
         "model": f"card-{world.canary.lower()}"}
    ).encode()  # fmt: skip


def test_client_secret_gets_no_token_elsewhere(worlds):
    ours, theirs = worlds
    with bank_scope(ours.bank):
        client, secret = create_client(name="x", scopes=["jobs:read"], actor=system_actor("test"))
    form = {
        "grant_type": "client_credentials",
        "client_id": client.client_id,
        "client_secret": secret,
    }
    place = "/api/v1/oauth/token"
    assert Client(HTTP_HOST=ours.bank.host).post(place, form).status_code == 200
    refused = Client(HTTP_HOST=theirs.bank.host).post(place, form)
    assert refused.status_code == 401
    assert b"access_token" not in refused.content


@pytest.mark.parametrize("path", PATHS)
def test_token_is_unknown_elsewhere_also_when_it_was_just_used(worlds, path):
    ours, theirs = worlds
    token = ours.token(*policies.scopes())
    for _ in range(2):
        assert ours.system(token).get(path).status_code == 200
        assert theirs.system(token).get(path).status_code == 401
    key = {"headers": {"Idempotency-Key": "k"}, "content_type": "application/json"}
    decide = "/api/v1/scoring/decisions"
    assert ours.system(token).post(decide, body(ours, "T"), **key).status_code == 201
    assert theirs.system(token).post(decide, body(theirs, "T"), **key).status_code == 401


def test_revoking_a_token_elsewhere_does_nothing(worlds):
    ours, theirs = worlds
    token = ours.token("jobs:read")
    with bank_scope(theirs.bank):
        client, secret = create_client(name="y", scopes=["jobs:read"], actor=system_actor("test"))
    answer = Client(HTTP_HOST=theirs.bank.host).post(
        "/api/v1/oauth/revoke",
        {"token": token, "client_id": client.client_id, "client_secret": secret},
    )
    assert answer.status_code < 500
    assert ours.system(token).get("/api/v1/jobs").status_code == 200


def test_session_and_its_form_token_are_worth_nothing_elsewhere(worlds):
    ours, theirs = worlds
    browser = ours.browser(ours.users["everybody"])
    page = browser.get("/admin/accounts/user/add/")
    assert page.status_code == 200
    found = re.search(r'csrfmiddlewaretoken" value="(\w+)"', page.content.decode())
    assert found is not None
    strict = Client(enforce_csrf_checks=True, HTTP_HOST=theirs.bank.host)
    strict.cookies = browser.cookies
    assert strict.get("/admin/").status_code == 302
    form = {"email": "new@bank.test", "name": "New", "roles": ["compliance"]}
    answer = strict.post("/admin/accounts/user/add/", {**form, "csrfmiddlewaretoken": found[1]})
    assert answer.status_code in (302, 403)
    assert answer.status_code == 403 or "/login/" in answer["Location"]
    with bank_scope(theirs.bank):
        assert not ApiClient.objects.filter(name="New").exists()
        assert type(theirs.users["nobody"]).objects.filter(email="new@bank.test").count() == 0


def test_same_idempotency_key_is_another_decision_at_each_bank(worlds):
    ids = []
    for world in worlds:
        with bank_scope(world.bank):
            before = Decision.objects.count()
        client = world.system(world.token("scoring:decide"))
        answer = client.post(
            "/api/v1/scoring/decisions", body(world, "same"), content_type="application/json",
            headers={"Idempotency-Key": "same"},
        )  # fmt: skip
        assert answer.status_code == 201, answer.content
        assert "Idempotency-Replayed" not in answer.headers
        ids.append(answer.json()["id"])
        with bank_scope(world.bank):
            assert Decision.objects.count() == before + 1
    assert ids[0] != ids[1]


def test_cursor_of_one_bank_is_none_at_another(worlds):
    ours, theirs = worlds
    first = ours.system(ours.token("jobs:read")).get("/api/v1/jobs?page_size=1").json()
    cursor = first["next"].partition("cursor=")[2]
    answer = theirs.system(theirs.token("jobs:read")).get(f"/api/v1/jobs?cursor={cursor}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "cursor_invalid"
    assert ours.canary.lower() not in answer.content.decode().lower()
    assert ours.bank.host not in answer.content.decode()


def test_password_opens_the_own_bank_only(worlds):
    ours, theirs = worlds
    user = ours.users["nobody"]
    with bank_scope(ours.bank):
        user.set_password("correct horse battery")
        user.save()
    form = {"username": user.email, "password": "correct horse battery"}
    assert Client(HTTP_HOST=theirs.bank.host).post("/admin/login/", form).status_code == 200
    opened = Client(HTTP_HOST=ours.bank.host).post("/admin/login/", form)
    assert (opened.status_code, opened["Location"]) == (302, "/admin/second-step/")
