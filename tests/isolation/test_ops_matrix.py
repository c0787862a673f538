"""Every route of the ops host x nobody, a bank's people and tokens, an operator: counts of banks, never their rows."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts import policies
from accounts.models import User
from accounts.services import create_client, invite_person
from audit.models import AuditEntry
from core.actors import system_actor
from core.tenancy import public_scope
from jobs.models import Job
from tenants.models import Bank, BankExport, Offboarding, Plan, QuotaOverride
from tests.isolation.routes import (
    SIGN_IN,
    Page,
    Section,
    admin_routes,
    api_patterns,
    operations,
    page_of,
)
from tests.isolation.world import idle_provider
from tests.sign_in import ops_browser

HOST = "ops.localhost"
SECTIONS = {
    "tenants_bank": Section("bank", "tenants.bank.view", "tenants.bank.change"),
    "tenants_plan": Section("plan", "tenants.bank.view"),
    "tenants_quotaoverride": Section("override", "tenants.bank.view"),
    "tenants_offboarding": Section("offboarding", "tenants.bank.view"),
    "accounts_user": Section("user", "accounts.user.view", "accounts.user.change"),
    "accounts_apiclient": Section("client", "accounts.client.view", "accounts.client.change"),
    "federation_provider": Section("provider", "federation.view"),
    "audit_auditentry": Section("entry", "audit.view"),
    "jobs_job": Section("job", "jobs.view"),
}
PAGES = {
    "tenants_bank_suspend": Page("tenants.bank.change", "bank"),
    "tenants_bank_resume": Page("tenants.bank.change", "bank"),
    "tenants_bank_plan_change": Page("tenants.bank.change", "bank"),
    "tenants_bank_quota_change": Page("tenants.bank.change", "bank"),
    "tenants_quotaoverride_end": Page("tenants.bank.change", "override"),
    "tenants_bank_offboard": Page("tenants.bank.offboard", "bank"),
    "tenants_offboarding_approve": Page("tenants.bank.offboard", "offboarding"),
    "tenants_offboarding_call_off": Page("tenants.bank.offboard", "offboarding"),
    "tenants_offboarding_certificate": Page("tenants.bank.view", "offboarding"),
    "tenants_offboarding_download": Page("tenants.bank.offboard", "offboarding"),
    "accounts_user_disable": Page("accounts.user.change", "user"),
    "accounts_user_enable": Page("accounts.user.change", "user"),
    "accounts_user_invite_again": Page("accounts.user.change", "user"),
    "accounts_user_reset_factors": Page("accounts.user.change", "user"),
    "accounts_user_end_sessions": Page("accounts.user.change", "user"),
    "accounts_user_seal": Page("", "user"),
    "accounts_user_withdraw_seal": Page("", "user"),
    "accounts_rules": Page("accounts.rules.change", shows=False),
    "accounts_apiclient_rotate": Page("accounts.client.change", "client"),
    "accounts_apiclient_rotate_slowly": Page("accounts.client.change", "client"),
    "accounts_apiclient_end_old_secrets": Page("accounts.client.change", "client"),
    "accounts_apiclient_revoke": Page("accounts.client.change", "client"),
    "job_progress": Page("jobs.view", "job"),
    "job_queues": Page("jobs.view", shows=False),
    "jobs_job_cancel": Page("jobs.control", "job"),
    "jobs_job_resume": Page("jobs.control", "job"),
    "invitation": Page("open", "invitation"),
}
# What nobody gets, and what an operator gets.
SITE = {
    "": (302, 302),
    "index": (302, 200),
    **SIGN_IN,
    "accounts_user_session_end": (302, 404),
    "password_change_done": (302, 200),
    "autocomplete": (302, 403),
    "jsi18n": (302, 200),
    "search": (302, 200),
    "set_language": (302, 302),
    "app_list": (302, 200),
    "view_on_site": (302, 404),
}


@dataclass(frozen=True, slots=True)
class Operation:
    scope: str
    status: int = 200
    send: dict[str, Any] = field(default_factory=dict)


_NEW = {
    "slug": "gamma", "name": "Gamma Bank", "plan": "full", "jurisdiction": "EU", "currency": "EUR",
    "time_zone": "Europe/Paris", "administrator": {"email": "gus@gamma.test", "name": "Gus"},
}  # fmt: skip
RECIPIENT = "C" * 43 + "="
OPERATIONS = {
    "GET /api/v1/banks": Operation("banks:read"),
    "POST /api/v1/banks": Operation("banks:write", 202, _NEW),
    "GET /api/v1/banks/{slug}": Operation("banks:read"),
    "POST /api/v1/banks/{slug}:state": Operation(
        "banks:write", 200, {"state": "suspended", "reason": "test"}
    ),
    "POST /api/v1/banks/{slug}:plan": Operation("banks:write", 200, {"plan": "full"}),
    "GET /api/v1/offboardings": Operation("banks:read"),
    "POST /api/v1/offboardings": Operation(
        "banks:offboard", 201, {"bank": "alpha", "reason": "test", "recipient_key": RECIPIENT}
    ),
    "GET /api/v1/offboardings/{offboarding_id}": Operation("banks:read"),
    "POST /api/v1/offboardings/{offboarding_id}:cancel": Operation(
        "banks:offboard", 409, {"reason": "test"}
    ),
    "GET /api/v1/offboardings/{offboarding_id}/certificate": Operation("banks:read"),
    "GET /api/v1/offboardings/{offboarding_id}/export": Operation("banks:offboard"),
    "GET /api/v1/jobs": Operation("jobs:read"),
    "GET /api/v1/jobs/{job_id}": Operation("jobs:read"),
    "POST /api/v1/jobs/{job_id}:cancel": Operation("jobs:write", 409),
    "POST /api/v1/jobs/{job_id}:resume": Operation("jobs:write", 409),
}
_CLIENT = {"name": "system", "scopes": ["jobs:read"]}
OPERATIONS |= {
    "GET /api/v1/clients": Operation("clients:read"),
    "POST /api/v1/clients": Operation("clients:write", 201, _CLIENT),
    "GET /api/v1/clients/{client_id}": Operation("clients:read"),
    "PUT /api/v1/clients/{client_id}": Operation("clients:write", 200, _CLIENT),
    "POST /api/v1/clients/{client_id}/secrets": Operation("clients:write", 201),
    "POST /api/v1/clients/{client_id}/secrets/{secret_id}:end": Operation("clients:write"),
    "POST /api/v1/clients/{client_id}/revocation": Operation("clients:write"),
}
ABSENT = {
    "bank": "799999", "plan": "799999", "client": "799999", "slug": "nowhere", "invitation": "none"
}  # fmt: skip
NO_ID = "019ab000-0000-7000-8000-0000000000ff"
ROUTES = admin_routes("ops")


@pytest.fixture(scope="package")
def ops(worlds) -> dict[str, Any]:
    """An operator's browser, tokens, and one of everything that the platform itself has."""
    system = system_actor("test")
    with public_scope():
        operator = User.objects.create(email="op@p.test", name="Olga", roles=["operator"])
        browser = ops_browser(operator, HOST)
        invited, link = invite_person(
            email="in@p.test", name="Ian", roles=["operator"], actor=system, base_url="http://x"
        )
        clients = {
            "full": create_client(name="full", scopes=list(policies.scopes()), actor=system),
            "narrow": create_client(name="narrow", scopes=["datasets:read"], actor=system),
        }
        job = Job.objects.create(
            kind="tenants.onboard", queue="ops", title="Ops", state="succeeded", created_by="x"
        )
        beta = Bank.objects.get(slug="beta")
        override = QuotaOverride.objects.create(
            bank=beta, quota="people", limit=5, valid_from="2026-01-01", reason="test"
        )
        export = BankExport.objects.create(bank=beta, folder="none", manifest_sha256="0")
        gone = Offboarding.objects.create(
            bank=beta, slug="gone", schema="bank_gone", bank_name="Gone", state="closed",
            waiting_days=0, requested_by="x", export=export, certificate={"bank": {}},
        )  # fmt: skip
        ids = {
            "offboarding": str(gone.pk),
            "override": str(override.pk),
            "bank": str(Bank.objects.get(slug="alpha").pk), "plan": str(Plan.objects.first().pk),
            "user": str(invited.pk), "client": str(clients["full"][0].pk), "job": str(job.pk),
            "entry": str(AuditEntry.objects.latest("id").pk), "slug": "alpha",
            "provider": str(idle_provider("ops login").pk),
            "client_id": clients["narrow"][0].client_id,
            "secret": str(clients["narrow"][0].secrets.get().pk),
            "invitation": link.rstrip("/").rpartition("/")[2],
        }  # fmt: skip
    tokens = {}
    for name, (client, secret) in clients.items():
        form = {
            "grant_type": "client_credentials",
            "client_id": client.client_id,
            "client_secret": secret,
        }
        answer = Client(HTTP_HOST=HOST).post("/api/v1/oauth/token", form)
        tokens[name] = answer.json()["access_token"]
    return {"browser": browser, "ids": ids, "tokens": tokens}


def ask(client: Client, address: str, method: str = "get", **more: Any) -> tuple[int, str, Any]:
    with transaction.atomic():
        answer = client.generic(method.upper(), address, HTTP_HOST=HOST, **more)
        content = b"".join(answer) if answer.streaming else answer.content
        transaction.set_rollback(True)
    return answer.status_code, f"{dict(answer.headers)}{content.decode(errors='replace')}", answer


def silent(text: str, worlds) -> bool:
    return not any(world.canary.lower() in text.lower() for world in worlds)


def test_every_route_is_listed():
    unlisted = [
        r.name or r.pattern
        for r in ROUTES
        if r.name and r.name not in SITE and page_of(r, SECTIONS, PAGES) is None
    ]
    assert not unlisted, f"unlisted route: {unlisted}"
    described = operations("ops")
    assert sorted(set(described) ^ set(OPERATIONS)) == [], "unlisted route"
    paths = {name.partition(" ")[2] for name in described}
    open_paths = {"/api/v1/oauth/token", "/api/v1/oauth/revoke", "/api/openapi.json", "/api/docs/"}
    assert api_patterns("ops") - paths == open_paths, "unlisted route"


@pytest.mark.parametrize("name", [r.name for r in ROUTES if r.name])
def test_page(worlds, ops, name):
    route = next(r for r in ROUTES if r.name == name)
    page = page_of(route, SECTIONS, PAGES)
    staff = worlds[0].browser(worlds[0].users["everybody"])
    outside = (Client(), staff)

    def place(key: str) -> str:
        text = re.sub(r"\^?\(\?P<app_label>[^)]*\)", "tenants", route.pattern).rstrip("$")
        text = text.replace("<path:content_type_id>", "1")
        return "/" + re.sub(r"<[a-z]+:\w+>", key, text)

    key = ops["ids"].get(page.kind if page else "job", "")
    open_page = page is not None and page.permission == "open"
    status, text, _ = ask(ops["browser"], place(key))
    if page is None:
        assert status == SITE[name][1]
    else:
        assert status == (200 if page.permission else 403), text[:500]
        if page.kind:
            absent = ask(ops["browser"], place(ABSENT.get(page.kind, NO_ID)))[0]
            assert absent == (404 if page.permission else 403)
    assert silent(text, worlds)
    for client in outside:
        status, text, _ = ask(client, place(key))
        assert status == (200 if open_page else 302 if page else SITE[name][0])
        assert silent(text, worlds)


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation(worlds, ops, name):
    operation = OPERATIONS[name]
    method, _, path = name.partition(" ")

    def send(token: str, *, absent: bool = False) -> tuple[int, str]:
        address = path.replace("{slug}", ABSENT["slug"] if absent else ops["ids"]["slug"])
        for name in ("job_id", "client_id", "secret_id", "offboarding_id"):
            known = ops["ids"][name.removesuffix("_id") if name != "client_id" else name]
            address = address.replace(f"{{{name}}}", NO_ID if absent else known)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        status, text, _ = ask(
            Client(), address, method, data=json.dumps(operation.send),
            content_type="application/json", headers=headers,
        )  # fmt: skip
        assert silent(text, worlds)
        return status, text

    status, text = send(ops["tokens"]["full"])
    assert status == operation.status, text[:1000]
    assert send(ops["tokens"]["narrow"])[0] == 403
    assert send("")[0] == 401
    assert send(worlds[0].token(*policies.scopes()))[0] == 401
    if "{" in path:
        assert send(ops["tokens"]["full"], absent=True)[0] == 404


def test_an_operators_session_and_token_are_unknown_at_a_bank(worlds, ops):
    bank = worlds[0].bank
    answer = ops["browser"].get("/admin/", HTTP_HOST=bank.host)
    assert (answer.status_code, "/login/" in answer["Location"]) == (302, True)
    assert worlds[0].system(ops["tokens"]["full"]).get("/api/v1/jobs").status_code == 401
