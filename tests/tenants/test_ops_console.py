"""The ops console: onboarding form, states, and the walls between ops and banks."""

import pytest
from django.test import Client

from accounts.models import User
from core.tenancy import public_scope
from jobs.models import Job
from tenants.models import Bank
from tests.sign_in import ops_browser

OPS = "ops.localhost"


@pytest.fixture
def operator(db) -> Client:
    with public_scope():
        user = User.objects.create(
            email="op@panorama.test", name="Olga Operator", roles=["operator"]
        )
    return ops_browser(user, OPS)


FORM = {
    "slug": "gamma", "name": "Gamma Bank", "plan": "full", "jurisdiction": "EU", "currency": "EUR",
    "time_zone": "Europe/Paris", "language": "en", "administrator_name": "Gus",
    "administrator_email": "gus@gamma.test", "client_scopes": ["jobs:read"],
}  # fmt: skip


def test_onboarding_form_reserves_the_bank_and_starts_a_job(operator):
    answer = operator.post("/admin/tenants/bank/add/", FORM)
    assert answer.status_code == 302, answer.content.decode()[:2000]
    with public_scope():
        bank, job = Bank.objects.get(slug="gamma"), Job.objects.get(kind="tenants.onboard")
    assert (bank.state, job.state, job.queue) == ("provisioning", "queued", "ops")
    page = operator.get(answer["Location"])
    assert "Gamma Bank" in page.content.decode()
    assert operator.get(f"/admin/tenants/bank/{bank.pk}/change/").status_code == 200
    assert "Gamma Bank" in operator.get("/admin/").content.decode()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"slug": "Bad Name"}, "small letters and digits"),
        ({"slug": "alpha"}, "is taken"),
        ({"currency": "yuan"}, "Three capital letters"),
        ({"administrator_email": "nobody"}, "valid email"),
    ],
)
def test_wrong_onboarding_input_is_named_and_changes_nothing(operator, change, message):
    answer = operator.post("/admin/tenants/bank/add/", {**FORM, **change})
    assert answer.status_code == 200
    assert message in answer.content.decode()
    with public_scope():
        assert Bank.objects.count() == 2
        assert Job.objects.count() == 0


def test_suspended_bank_answers_403_and_resumes(operator, bank_a):
    with public_scope():
        pk = Bank.objects.get(slug="alpha").pk
    asked = operator.get(f"/admin/tenants/bank/{pk}/suspend")
    assert asked.status_code in (200, 301)
    url = f"/admin/tenants/bank/{pk}/suspend" + ("/" if asked.status_code == 301 else "")
    done = operator.post(url, {"answer": "maintenance"}, follow=True)
    assert "is now Suspended" in done.content.decode()
    from tenants.directory import directory

    directory.forget()
    refused = Client(HTTP_HOST=bank_a.host).get("/admin/login/")
    assert (refused.status_code, refused.json()["code"]) == (403, "bank_suspended")
    operator.post(url.replace("suspend", "resume"), {"answer": "done"})
    directory.forget()
    assert Client(HTTP_HOST=bank_a.host).get("/admin/login/").status_code == 200


def test_bank_staff_and_operators_do_not_exist_at_each_others_host(operator, bank_a, staff):
    assert operator.get("/admin/", HTTP_HOST=bank_a.host).status_code == 302
    assert staff(bank_a, "bank_admin").get("/admin/", HTTP_HOST=OPS).status_code == 302
    assert operator.get("/admin/tenants/bank/", HTTP_HOST=bank_a.host).status_code in (302, 404)


def test_unknown_host_is_404_without_a_word(db):
    answer = Client(HTTP_HOST="nobody.localhost").get("/admin/")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_host")
