"""Promise 16: wherever the word approve stands there is a row here that tries to approve one's own work.

Services, permissions, pages and API operations are discovered; one that is not listed fails by name.
"""

import inspect
import json
from importlib import import_module
from io import BytesIO
from typing import Any

import msgspec
import pytest
from django.contrib.admin import ModelAdmin
from django.db import DatabaseError, connection, transaction

from accounts import policies
from accounts.choices import BANK_ROLES
from compliance import services as compliance
from core.console import bank_site, ops_site
from core.errors import FourEyes
from core.tenancy import bank_scope
from datasets import services as datasets
from scoring import services as scoring
from scoring.models import ModelVersion
from tests.conftest import PASSWORD
from tests.isolation.routes import ROOT, admin_routes
from tests.scoring import portfolio
from tests.scoring.conftest import run_now

WORD = "approv"
MODULES = ("accounts", "acquisition", "compliance", "customers", "datasets", "jobs", "ledger", "marketing", "scoring",
           "tenants", "webhooks")  # fmt: skip

# What approves, by each way in; `test_approving_ones_own_work_is_refused` goes every way for every subject.
SERVICES = {
    "scoring.services.approve_version": "version",
    "scoring.services.approve_policy": "policy",
    "compliance.services.approve_erasure": "erasure",
    "compliance.services.approve_hold": "hold",
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
    """By the service (a shell has no other way), by the page, and by SQL under the bank's own role."""
    browser, made = own_work
    for name, subject in SERVICES.items():
        module, _, function = name.rpartition(".")
        with bank_scope(bank_a), pytest.raises(FourEyes):
            getattr(import_module(module), function)(
                actor=browser.user.as_actor(), **_arguments(subject, str(made[subject].id))
            )
    places = {r.name: r.pattern for r in admin_routes("bank")}
    for name, subject in PAGES.items():
        place = "/" + places[name].replace("<uuid:object_id>", str(made[subject].id))
        answer = browser.post(place, {"note": "Mine.", "password": PASSWORD}, follow=True)
        assert "does not approve it" in answer.content.decode()
    for subject, row in made.items():
        with bank_scope(bank_a):
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
