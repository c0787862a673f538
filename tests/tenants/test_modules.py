"""A module that a bank's plan lacks is closed in the API and in the admin; what is not part of it stays open."""

import pytest

from core.tenancy import public_scope
from tenants.directory import directory
from tenants.models import Bank, Plan


@pytest.fixture
def without_scoring(bank_a):
    with public_scope():
        plan = Plan.objects.create(code="lean", name="Lean", modules=["marketing"])
        Bank.objects.filter(slug="alpha").update(plan=plan)
    directory.forget()
    yield bank_a
    directory.forget()


def test_module_that_is_off_answers_403_with_a_code(without_scoring, api, staff):
    answer = api(without_scoring).get("/api/v1/scoring/models")
    assert (answer.status_code, answer.json()["code"]) == (403, "module_off")
    assert answer["Content-Type"] == "application/problem+json"
    browser = staff(without_scoring, "credit_officer")
    page = browser.get("/admin/scoring/decision/")
    assert page.status_code == 403
    assert "switched off for this bank" in page.content.decode()
    overview = browser.get("/admin/").content.decode()
    assert "/admin/scoring/" not in overview


def test_what_is_not_part_of_the_module_stays_open(without_scoring, api, staff):
    assert api(without_scoring).get("/api/v1/datasets").status_code == 200
    assert staff(without_scoring, "risk_analyst").get("/admin/datasets/dataset/").status_code == 200


def test_the_same_places_are_open_where_the_plan_has_the_module(bank_a, api, staff):
    directory.forget()
    assert api(bank_a).get("/api/v1/scoring/models").status_code == 200
    assert staff(bank_a, "credit_officer").get("/admin/scoring/decision/").status_code == 200
