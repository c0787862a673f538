"""Inviting people, logging in, and what each role may open."""

import re

import pytest
from django.core import mail
from django.test import Client

from accounts.engine.one_time_code import code_of_step, step_at
from accounts.models import User
from core.clock import now
from core.tenancy import bank_scope
from tests.conftest import PASSWORD
from tests.sign_in import secret_shown


def test_invited_person_sets_a_password_and_lands_inside(
    bank_a, staff, django_capture_on_commit_callbacks
):
    admin = staff(bank_a, "bank_admin")
    with django_capture_on_commit_callbacks(execute=True):
        answer = admin.post(
            "/admin/accounts/user/add/",
            {"email": "new@alpha.test", "name": "New Person", "roles": ["risk_analyst"]},
        )
    assert answer.status_code == 302
    link = re.search(r"https?://\S+", mail.outbox[0].body).group()
    browser = Client(HTTP_HOST=bank_a.host)
    path = link.split(bank_a.host)[1]
    assert browser.get(path).status_code == 200
    weak = browser.post(path, {"password": "short", "again": "short"})
    assert b"too short" in weak.content
    done = browser.post(path, {"password": PASSWORD + "!", "again": PASSWORD + "!"})
    assert (done.status_code, done["Location"]) == (302, "/admin/second-step/")
    assert browser.get("/admin/").status_code == 302
    assert browser.get(done["Location"])["Location"] == "/admin/second-step/enrol/"
    shown = browser.get("/admin/second-step/enrol/").content.decode()
    secret = secret_shown(re.search(r'id="key">([A-Z2-7 ]+)<', shown).group(1))
    form = {"token": re.search(r'name="token" value="([^"]+)"', shown).group(1), "name": "phone"}
    wrong = browser.post("/admin/second-step/enrol/", {**form, "code": "000000"})
    assert "This is not the code" in wrong.content.decode()
    assert browser.get("/admin/").status_code == 302
    code = code_of_step(secret, step_at(now().timestamp()))
    kept = browser.post("/admin/second-step/enrol/", {**form, "code": code})
    assert (
        len(re.findall(r"<li>([2-9A-Z]{4}(?:-[2-9A-Z]{4}){3})</li>", kept.content.decode())) == 10
    )
    assert browser.get("/admin/").status_code == 200
    assert browser.get(path).status_code == 404


def test_invalid_input_stands_beside_its_field_and_changes_nothing(bank_a, staff):
    admin = staff(bank_a, "bank_admin")
    with bank_scope(bank_a):
        before = User.objects.count()
    answer = admin.post(
        "/admin/accounts/user/add/",
        {"email": "ADMIN@alpha.test", "name": "Twin", "roles": ["risk_analyst"]},
    )
    assert answer.status_code == 200
    assert "known already" in answer.content.decode()
    with bank_scope(bank_a):
        assert User.objects.count() == before


@pytest.mark.parametrize(
    ("role", "status"), [("bank_admin", 200), ("compliance", 200), ("risk_analyst", 403)]
)
def test_only_some_roles_see_people(bank_a, staff, role, status):
    assert staff(bank_a, role).get("/admin/accounts/user/").status_code == status


def test_disabled_person_is_out_on_the_next_request(bank_a, staff):
    browser = staff(bank_a, "risk_analyst")
    assert browser.get("/admin/").status_code == 200
    with bank_scope(bank_a):
        User.objects.filter(pk=browser.user.pk).update(is_active=False)
    assert browser.get("/admin/").status_code == 302


def test_session_of_one_bank_is_useless_at_another(bank_a, bank_b, staff):
    browser = staff(bank_a, "bank_admin")
    assert browser.get("/admin/", HTTP_HOST=bank_b.host).status_code == 302


def test_wrong_password_and_unknown_person_read_alike(bank_a, person):
    user = person(bank_a, "risk_analyst")
    answers = []
    for email, password in [
        (user.email, "wrong"),
        ("nobody@alpha.test", "wrong"),
        (user.email, PASSWORD),
    ]:
        browser = Client(HTTP_HOST=bank_a.host)
        answers.append(browser.post("/admin/login/", {"username": email, "password": password}))
    assert [a.status_code for a in answers] == [200, 200, 302]
    texts = [re.sub(rb'value="[^"]*"', b"", a.content) for a in answers[:2]]
    assert b"errornote" in texts[0] or b"correct" in texts[0]
    assert len(texts[0]) == len(texts[1])


def test_client_secret_is_shown_once_and_kept_as_a_hash(bank_a, staff, api):
    admin = staff(bank_a, "bank_admin")
    answer = admin.post(
        "/admin/accounts/apiclient/add/",
        {
            "name": "core system",
            "allowed_scopes": ["jobs:read"],
            "method": "client_secret",
            "token_seconds": "3600",
        },
        follow=True,
    )
    text = answer.content.decode()
    secret = re.search(r"secret ([\w-]{40,})\.", text).group(1)
    assert secret not in admin.get("/admin/accounts/apiclient/").content.decode()
    client_id = re.search(r"id ([0-9a-f]{32})", text).group(1)
    token = Client(HTTP_HOST=bank_a.host).post(
        "/api/v1/oauth/token",
        {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret},
    )
    assert token.status_code == 200
    assert token.json()["scope"] == "jobs:read"
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {token.json()['access_token']}"}
    assert Client(HTTP_HOST=bank_a.host).get("/api/v1/jobs", **bearer).status_code == 200
