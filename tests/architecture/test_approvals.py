"""Promise 16: wherever the word approve stands there is a row here that tries to approve one's own work.

Services, permissions, pages and API operations are discovered; one that is not listed fails by name.
"""

import base64
import inspect
import json
import re
from functools import partial
from importlib import import_module
from io import BytesIO
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from django.contrib.admin import ModelAdmin
from django.db import DatabaseError, connection, transaction

from accounts import policies
from accounts.choices import BANK_ROLES, OPS_ROLES
from accounts.models import User
from compliance import services as compliance
from core.console import bank_site, ops_site
from core.errors import FourEyes
from core.tenancy import bank_scope, public_scope
from datasets import services as datasets
from scoring import services as scoring
from scoring.models import ModelVersion
from tenants import services as tenants
from tests.conftest import PASSWORD
from tests.isolation.routes import ROOT, admin_routes
from tests.scoring import portfolio
from tests.scoring.conftest import run_now
from tests.sign_in import ops_browser

WORD = "approv"
MODULES = ("accounts", "acquisition", "compliance", "customers", "datasets", "jobs", "ledger", "marketing", "scoring",
           "tenants", "webhooks")  # fmt: skip

# What approves, by each way in; `_every_way_is_refused` goes every way for every subject.
SERVICES = {
    "scoring.services.approve_version": "version",
    "scoring.services.approve_policy": "policy",
    "compliance.services.approve_erasure": "erasure",
    "compliance.services.approve_hold": "hold",
    "tenants.services.approve_offboarding": "offboarding",
}
PERMISSIONS = {
    "scoring.approve": "version",
    "scoring.policy.approve": "policy",
    "compliance.approve": "erasure",
}
PAGES = {
    "scoring_version_approve": "version",
    "scoring_policy_approve": "policy",
    "compliance_erasure_approve": "erasure",
    "compliance_hold_approve": "hold",
    "tenants_offboarding_approve": "offboarding",
}
# How a service takes its subject, and what somebody with SQL would write.
_REVIEWED = (
    "stage = 'approved', approved_by = submitted_by, approved_by_label = 'x', approved_at = now(),"
    " review_note = 'x'"
)
WRITES = {
    "version": _REVIEWED,
    "policy": _REVIEWED,
    "erasure": "state = 'running', approved_by = requested_by, approved_by_label = 'x'",
    "hold": "state = 'active', approved_by = proposed_by, approved_by_label = 'x'",
    "offboarding": "state = 'exporting', approved_by = requested_by, approved_by_label = 'x'",
}
OPERATIONS: dict[str, str] = {}
BULK_ACTIONS: dict[str, str] = {}


def services() -> set[str]:
    found = set()
    for module in MODULES:
        try:
            package = import_module(f"{module}.services")
        except ModuleNotFoundError:
            continue
        found |= {
            f"{module}.services.{name}"
            for name, value in vars(package).items()
            if WORD in name and inspect.isroutine(value)
        }
    return found


def operations() -> set[str]:
    found = set()
    for side in ("bank", "ops"):
        document = json.loads((ROOT / "docs" / "api" / f"openapi-{side}.json").read_text())
        for path, methods in document["paths"].items():
            for method, told in methods.items():
                if method != "get" and WORD in f"{path} {told.get('operationId', '')}".lower():
                    found.add(f"{method.upper()} {path}")
    return found


def bulk_actions() -> set[str]:
    found = set()
    for site in (bank_site, ops_site):
        for page in site._registry.values():
            assert isinstance(page, ModelAdmin)
            names = [a if isinstance(a, str) else a.__name__ for a in page.actions or ()]
            found |= {f"{type(page).__name__}.{name}" for name in names if WORD in name}
    return found


@pytest.mark.parametrize(
    ("what", "found", "listed"),
    [
        ("service", services, SERVICES),
        ("permission", lambda: {c for c in policies.permissions() if WORD in c}, PERMISSIONS),
        (
            "page",
            lambda: {r.name for s in ("bank", "ops") for r in admin_routes(s) if WORD in r.name},
            PAGES,
        ),
        ("API operation", operations, OPERATIONS),
        ("bulk action", bulk_actions, BULK_ACTIONS),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_way_to_approve_is_listed(what, found, listed):
    assert found() == set(listed), (
        f"a {what} that approves must be tried against its own maker here"
    )


@pytest.fixture
def own_work(bank_a, staff, tmp_path, settings):
    """A browser of somebody who holds every role, and a version and a policy that they made and submitted."""

    storage = dict(settings.STORAGES)
    storage["default"] = {**storage["default"], "OPTIONS": {"location": str(tmp_path)}}
    settings.STORAGES = storage
    browser = staff(bank_a, *sorted(BANK_ROLES))
    with bank_scope(bank_a):
        actor = browser.user.as_actor()
        dataset = datasets.create_dataset(name="own", title="Own", actor=actor)
        body: Any = msgspec.to_builtins(portfolio.contract())
        datasets.update_contract(dataset_id=str(dataset.id), body=body, actor=actor)
        datasets.confirm_contract(dataset_id=str(dataset.id), actor=actor)
        load = datasets.receive_file(
            dataset_id=str(dataset.id), file=BytesIO(portfolio.as_csv(500)), filename="own.csv",
            actor=actor,
        )  # fmt: skip
        run_now(str(load.job_id))
        model = scoring.create_model(code="own", name="Own", actor=actor)
        run = scoring.start_model_run(
            model_id=str(model.id), load_id=str(load.id), kind="scorecard", seed=1, actor=actor
        )
        version = ModelVersion.objects.get(pk=run_now(str(run.job_id))["version"])
        policy = version.policies.get()
        scoring.submit_for_review(version_id=str(version.id), actor=actor)
        scoring.submit_policy(version_id=str(policy.id), actor=actor)
        erasure = compliance.request_erasure(
            customer="C1", confirm="C1", reason="Asked.", actor=actor
        )
        hold = compliance.propose_hold(scope="person", customer="C2", reason="Court.", actor=actor)
    return browser, {"version": version, "policy": policy, "erasure": erasure, "hold": hold}


def _arguments(subject: str, key: str) -> dict[str, str]:
    if subject in ("version", "policy"):
        return {"version_id": key, "note": "Mine."}
    return {f"{subject}_id": key}


def test_approving_ones_own_work_is_refused(bank_a, own_work):
    """By the service (a shell has no other way), by the page, and by SQL under the maker's own role."""
    browser, made = own_work
    _every_way_is_refused("bank", browser, made, partial(bank_scope, bank_a))


@pytest.fixture
def own_end_of_a_bank(db):
    """A browser of an operator, and the end of a bank that they asked for."""
    with public_scope():
        user = User.objects.create(email="op@p.test", name="Olga", roles=sorted(OPS_ROLES))
    browser = ops_browser(user)
    key = base64.b64encode(X25519PrivateKey.generate().public_key().public_bytes_raw()).decode()
    with public_scope():
        leaving = tenants.request_offboarding(
            slug="alpha", reason="The contract ends.", recipient_key=key, actor=user.as_actor()
        )
    browser.user = user  # type: ignore[attr-defined]
    return browser, {"offboarding": leaving}


def test_approving_the_end_of_a_bank_one_asked_for_is_refused(own_end_of_a_bank):
    """The same on the platform's side."""
    _every_way_is_refused("ops", *own_end_of_a_bank, public_scope)


def test_another_operator_approves_the_end_of_a_bank(own_end_of_a_bank):
    """What is refused to its maker is open to a second person, on the page as people use it."""
    _browser, made = own_end_of_a_bank
    with public_scope():
        second = User.objects.create(email="op2@p.test", name="Otto", roles=sorted(OPS_ROLES))
    place = {r.name: r.pattern for r in admin_routes("ops")}["tenants_offboarding_approve"]
    place = "/" + re.sub(r"<\w+:object_id>", str(made["offboarding"].id), place)
    answer = ops_browser(second).post(place, {}, follow=True)
    assert "Approved" in answer.content.decode()
    with public_scope():
        made["offboarding"].refresh_from_db()
    assert made["offboarding"].approved_by_label == "op2@p.test"


def _every_way_is_refused(side: str, browser: Any, made: dict[str, Any], scope: Any) -> None:
    """Goes every listed way of the subjects made; the two tests have all subjects between them."""
    for name, subject in SERVICES.items():
        if subject not in made:
            continue
        module, _, function = name.rpartition(".")
        with scope(), pytest.raises(FourEyes):
            getattr(import_module(module), function)(
                actor=browser.user.as_actor(), **_arguments(subject, str(made[subject].id))
            )
    places = {r.name: r.pattern for r in admin_routes(side)}
    for name, subject in PAGES.items():
        if subject not in made:
            continue
        place = "/" + re.sub(r"<\w+:object_id>", str(made[subject].id), places[name])
        answer = browser.post(place, {"note": "Mine.", "password": PASSWORD}, follow=True)
        assert "does not approve it" in answer.content.decode()
    for subject, row in made.items():
        with scope():
            table = row._meta.db_table
            with (
                pytest.raises(DatabaseError, match="four_eyes"),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(
                    f"UPDATE {table} SET {WRITES[subject]} WHERE id = %s",
                    [row.id],
                )
            row.refresh_from_db()
        assert row.approved_by == ""
        assert getattr(row, "stage", "review") == "review"


def test_every_listed_subject_is_tried(own_work, own_end_of_a_bank):
    made = {**own_work[1], **own_end_of_a_bank[1]}
    assert {*SERVICES.values(), *PERMISSIONS.values(), *PAGES.values()} == set(made) == set(WRITES)
