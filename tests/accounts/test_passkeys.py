"""Passkeys against an authenticator of our own: what is accepted, and everything that is not."""

import json

import pytest
from django.test import Client

from accounts.models import Passkey, SignIn
from core.tenancy import bank_scope
from tests.accounts.authenticator import PRESENT, Authenticator, text
from tests.conftest import PASSWORD
from tests.sign_in import half_sign_in

ORIGIN = "http://alpha.localhost"
ASK, SHOW = "/admin/passkey/ask/", "/admin/passkey/show/"
ASK_NEW, NEW = "/admin/passkey/ask-new/", "/admin/passkey/new/"


@pytest.fixture
def keyed(bank_a, staff):
    """(person, authenticator): somebody who has enrolled a passkey by the pages."""
    browser, key = staff(bank_a, "risk_analyst"), Authenticator(ORIGIN)
    options = browser.post(ASK_NEW).content.decode()
    answer = browser.post(NEW, {"credential": key.make(options), "name": "laptop"})
    assert answer.status_code == 200, answer.content
    return browser.user, key


def shown(client: Client, key: Authenticator, **bent):
    options = client.post(ASK).content.decode()
    return client.post(SHOW, {"credential": key.show(options, **bent), "next": "/admin/security/"})


def test_a_passkey_alone_logs_in(bank_a, keyed):
    user, key = keyed
    client = Client(HTTP_HOST=bank_a.host)
    answer = shown(client, key)
    assert (answer.status_code, answer["Location"]) == (302, "/admin/security/")
    assert (
        user.email in client.get("/admin/").content.decode()
        or client.get("/admin/").status_code == 200
    )
    with bank_scope(bank_a):
        row = SignIn.objects.filter(user=user).latest("id")
        assert (row.first_factor, row.second_factor) == ("passkey", "passkey")
        assert Passkey.objects.get(user=user).sign_count == key.count


def test_it_is_the_second_step_after_a_password(bank_a, keyed):
    user, key = keyed
    client = Client(HTTP_HOST=bank_a.host)
    client.post("/admin/login/", {"username": user.email, "password": PASSWORD})
    asked = json.loads(client.post(ASK).content)
    assert [each["id"] for each in asked["allowCredentials"]] == [text(key.credential_id)]
    assert shown(client, key).status_code == 302
    assert client.get("/admin/").status_code == 200


def test_an_answer_works_once_and_only_in_the_browser_that_asked(bank_a, keyed):
    _, key = keyed
    first, second = Client(HTTP_HOST=bank_a.host), Client(HTTP_HOST=bank_a.host)
    answer = key.show(first.post(ASK).content.decode())
    second.post(ASK)
    assert second.post(SHOW, {"credential": answer}).status_code == 400
    assert first.post(SHOW, {"credential": answer}).status_code == 302
    first.post("/admin/logout/")
    assert first.post(SHOW, {"credential": answer}).status_code == 400
    assert first.get("/admin/").status_code == 302


@pytest.mark.parametrize(
    "bend",
    [
        {"origin": "http://beta.localhost"},
        {"origin": "http://alpha.localhost.evil.test"},
        {"flags": PRESENT},
        {"flags": 0},
        {"handle": b"somebody else..."},
        {"count": -5},
        {"credential_id": b"x" * 32},
    ],
    ids=["other bank's origin", "evil origin", "not verified", "not present", "other handle",
         "old counter", "unknown key"],
)  # fmt: skip
def test_what_is_refused(bank_a, keyed, bend):
    _, key = keyed
    for name, value in bend.items():
        setattr(key, name, key.count - 1 if name == "count" else value)
    client = Client(HTTP_HOST=bank_a.host)
    answer = shown(client, key)
    assert (answer.status_code, answer.json()) == (
        400, {"detail": "This passkey was not accepted. Try again."}
    )  # fmt: skip
    assert client.get("/admin/").status_code == 302


@pytest.mark.parametrize(
    "junk",
    ["", "x", "[]", "{}", '{"id": 7, "response": {}}', "[" * 5000, "x" * 30_000,
     '{"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": {"clientDataJSON": 1}}'],
)  # fmt: skip
def test_junk_is_refused_quietly(bank_a, db, junk):
    client = Client(HTTP_HOST=bank_a.host)
    client.post(ASK)
    assert client.post(SHOW, {"credential": junk}).status_code == 400


def test_a_wrong_signature_is_refused(bank_a, keyed):
    _, key = keyed
    assert shown(Client(HTTP_HOST=bank_a.host), key, signature=text(b"0" * 70)).status_code == 400


def test_another_persons_passkey_completes_no_sign_in(bank_a, keyed, person):
    _, key = keyed
    other = person(bank_a, "bank_admin")
    client = Client(HTTP_HOST=bank_a.host)
    with bank_scope(bank_a):
        half_sign_in(client, other)
    assert shown(client, key).status_code == 400
    assert client.get("/admin/").status_code == 302


def test_a_passkey_of_one_bank_is_unknown_at_another(bank_a, bank_b, keyed):
    _, key = keyed
    key.origin = "http://beta.localhost"
    client = Client(HTTP_HOST=bank_b.host)
    assert shown(client, key).status_code == 400


def test_the_same_passkey_is_enrolled_once(bank_a, keyed, staff):
    _, key = keyed
    browser = staff(bank_a, "bank_admin")
    answer = key.make(browser.post(ASK_NEW).content.decode())
    assert browser.post(NEW, {"credential": answer}).status_code == 400
    with bank_scope(bank_a):
        assert Passkey.objects.count() == 1
