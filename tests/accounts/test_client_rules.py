"""Secrets in rotation, expiry, networks, token life and revocation, at every door."""

import base64
import json
from datetime import timedelta

import pytest
from django.test import Client

from accounts import authentication
from accounts.models import ApiClient, ClientSecret
from accounts.services import (
    ClientRules,
    change_client,
    create_client,
    end_secret,
    revoke_client,
    rotate_secret,
)
from accounts.services import clients as client_services
from accounts.upkeep import remove_expired
from audit.models import AuditEntry
from core import clock
from core.actors import Actor, system_actor
from core.clock import now
from core.errors import Forbidden, InvalidInput
from core.tenancy import bank_scope, public_scope
from scoring.api.v1.tokens import forget_tokens
from tests.jwts import Signer

TOKEN, REVOKE = "/api/v1/oauth/token", "/api/v1/oauth/revoke"
SYSTEM = system_actor("test")
# A DRF view and the hot path.
DOORS = [("GET", "/api/v1/jobs", 200), ("POST", "/api/v1/scoring/decisions", 400)]


@pytest.fixture(autouse=True)
def _forget():
    forget_tokens()
    yield
    forget_tokens()


@pytest.fixture
def clients(bank_a):
    def make(**rules):
        with bank_scope(bank_a):
            return create_client(
                name="core", scopes=["jobs:read", "scoring:decide"], actor=SYSTEM,
                rules=ClientRules(**rules),
            )  # fmt: skip

    return make


def ask(bank, client, secret, **more):
    form = {
        "grant_type": "client_credentials", "client_id": client.client_id, "client_secret": secret,
    }  # fmt: skip
    return Client(HTTP_HOST=bank.host, **more).post(TOKEN, form)


def door(bank, token, method, path, **more):
    return Client(HTTP_HOST=bank.host, **more).generic(
        method, path, b"{}", content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )  # fmt: skip


@pytest.fixture
def later(monkeypatch):
    """later(seconds): the clock goes on."""
    real = clock.timezone.now
    shift = [timedelta(0)]
    monkeypatch.setattr(clock.timezone, "now", lambda: real() + shift[0])

    def go(seconds: float) -> None:
        shift[0] += timedelta(seconds=seconds)

    return go


def test_two_secrets_in_the_overlap_one_after_it(bank_a, clients, later):
    client, old = clients()
    with bank_scope(bank_a):
        new = rotate_secret(client_id=client.client_id, actor=SYSTEM, overlap=timedelta(hours=1))
    assert [ask(bank_a, client, s).status_code for s in (old, new)] == [200, 200]
    later(3500)
    assert ask(bank_a, client, old).status_code == 200
    later(200)
    answer = ask(bank_a, client, old)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert ask(bank_a, client, new).status_code == 200


def test_there_are_never_three_secrets(bank_a, clients):
    client, first = clients()
    made = [first]
    with bank_scope(bank_a):
        for _ in range(3):
            made.append(
                rotate_secret(client_id=client.client_id, actor=SYSTEM, overlap=timedelta(hours=1))
            )
    assert [ask(bank_a, client, s).status_code for s in made] == [401, 401, 200, 200]
    with bank_scope(bank_a):
        row = ClientSecret.objects.filter(client=client).order_by("-id")[1]
        end_secret(client_id=client.client_id, secret_id=str(row.pk), actor=SYSTEM)
    assert [ask(bank_a, client, s).status_code for s in made] == [401, 401, 401, 200]


def test_rotation_at_once_and_what_is_told_of_secrets(bank_a, clients, staff):
    client, old = clients()
    assert ask(bank_a, client, old).status_code == 200
    with bank_scope(bank_a):
        new = rotate_secret(client_id=client.client_id, actor=SYSTEM)
        rows = list(ClientSecret.objects.filter(client=client))
    assert ask(bank_a, client, old).status_code == 401
    assert {r.hint for r in rows} == {old[:4], new[:4]}
    assert not [r for r in rows if old in r.secret_hash or new in r.secret_hash]
    page = staff(bank_a, "bank_admin").get(f"/admin/accounts/apiclient/{client.pk}/change/")
    text = page.content.decode()
    assert new[:4] in text
    assert "never" in text
    assert "ended" in text
    assert new not in text


def test_basic_header_works_and_broken_ones_do_not(bank_a, clients):
    client, secret = clients()
    good = base64.b64encode(f"{client.client_id}:{secret}".encode()).decode()
    form = {"grant_type": "client_credentials"}
    browser = Client(HTTP_HOST=bank_a.host)
    assert browser.post(TOKEN, form, headers={"Authorization": f"Basic {good}"}).status_code == 200
    both = {**form, "client_id": client.client_id, "client_secret": secret}
    twice = browser.post(TOKEN, both, headers={"Authorization": f"Basic {good}"})
    assert (twice.status_code, twice.json()["error"]) == (400, "invalid_request")


def test_expired_client_is_out_at_both_doors_and_gets_no_token(bank_a, clients, later):
    client, secret = clients(expires_at=now() + timedelta(seconds=600))
    answer = ask(bank_a, client, secret).json()
    assert 590 <= answer["expires_in"] <= 600, "a token outlives no client"
    for method, path, status in DOORS:
        assert door(bank_a, answer["access_token"], method, path).status_code == status
    later(601)
    for method, path, _ in DOORS:
        refused = door(bank_a, answer["access_token"], method, path)
        assert (refused.status_code, refused.json()["code"]) == (401, "invalid_token")
    assert ask(bank_a, client, secret).status_code == 401


def test_token_lives_as_long_as_its_client_says(bank_a, clients, later):
    client, secret = clients(token_seconds=60)
    answer = ask(bank_a, client, secret).json()
    assert answer["expires_in"] == 60
    later(40)
    assert door(bank_a, answer["access_token"], *DOORS[1][:2]).status_code == 400
    later(21)
    for method, path, _ in DOORS:
        assert door(bank_a, answer["access_token"], method, path).status_code == 401


@pytest.mark.parametrize(
    ("networks", "address", "inside"),
    [
        (["203.0.113.0/24"], "203.0.113.200", True),
        (["203.0.113.0/24"], "203.0.114.1", False),
        (["203.0.113.0/24", "2001:db8::/32"], "2001:db8::9", True),
        (["2001:db8::/32"], "203.0.113.1", False),
        (["203.0.113.0/24"], "::ffff:203.0.113.7", True),
        ([], "198.51.100.1", True),
    ],
)
def test_networks_at_every_door(bank_a, clients, networks, address, inside):
    client, secret = clients(networks=networks)
    home = networks[0].replace("0/24", "1").replace("::/32", "::1") if networks else "127.0.0.1"
    token = ask(bank_a, client, secret, REMOTE_ADDR=home).json()["access_token"]
    asked = ask(bank_a, client, secret, REMOTE_ADDR=address)
    assert asked.status_code == (200 if inside else 401)
    for method, path, status in DOORS:
        # First from home, so that the hot path remembers the token.
        assert door(bank_a, token, method, path, REMOTE_ADDR=home).status_code == status
        answer = door(bank_a, token, method, path, REMOTE_ADDR=address)
        assert answer.status_code == (status if inside else 403)
        if not inside:
            assert answer.json()["code"] == "address_not_allowed"


def test_a_forwarded_address_is_believed_from_a_trusted_proxy_only(bank_a, clients, settings):
    client, secret = clients(networks=["203.0.113.0/24"])
    named = {"HTTP_X_FORWARDED_FOR": "203.0.113.5", "REMOTE_ADDR": "10.1.2.3"}
    assert ask(bank_a, client, secret, **named).status_code == 401
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    assert ask(bank_a, client, secret, **named).status_code == 200


def test_revocation_beats_what_the_hot_path_remembers(bank_a, clients, monkeypatch):
    client, secret = clients()
    token = ask(bank_a, client, secret).json()["access_token"]
    for method, path, status in DOORS:
        assert door(bank_a, token, method, path).status_code == status
    with bank_scope(bank_a):
        revoke_client(client_id=client.client_id, actor=SYSTEM)
    assert door(bank_a, token, *DOORS[0][:2]).status_code == 401
    monkeypatch.setattr("scoring.api.v1.tokens.time.monotonic", lambda: 1e12)
    assert door(bank_a, token, *DOORS[1][:2]).status_code == 401
    assert ask(bank_a, client, secret).status_code == 401


def test_a_client_revokes_its_own_token_and_no_other(bank_a, clients):
    (one, secret_one), (two, secret_two) = clients(), clients()
    token = ask(bank_a, one, secret_one).json()["access_token"]

    def revoke(client, secret, token=token):
        form = {"token": token, "client_id": client.client_id, "client_secret": secret}
        return Client(HTTP_HOST=bank_a.host).post(REVOKE, form).status_code

    assert revoke(two, secret_two) == 200
    assert door(bank_a, token, *DOORS[0][:2]).status_code == 200
    assert revoke(one, "wrong") == 401
    assert revoke(one, secret_one) == 200
    assert revoke(one, secret_one) == 200, "a token that is gone is no error"
    assert door(bank_a, token, *DOORS[0][:2]).status_code == 401


def test_a_scope_taken_from_the_client_is_taken_from_its_tokens(bank_a, clients):
    client, secret = clients()
    token = ask(bank_a, client, secret).json()["access_token"]
    with bank_scope(bank_a):
        change_client(
            client_id=client.client_id, name="core", scopes=["scoring:decide"],
            rules=ClientRules(), actor=SYSTEM,
        )  # fmt: skip
    assert door(bank_a, token, *DOORS[0][:2]).status_code == 403


@pytest.mark.parametrize(
    ("rules", "pointer"),
    [
        ({"networks": ["203.0.113.1/24"]}, "/networks"),
        ({"networks": ["nonsense"]}, "/networks"),
        ({"token_seconds": 59}, "/token_seconds"),
        ({"token_seconds": 86401}, "/token_seconds"),
        ({"expires_at": now() - timedelta(days=1)}, "/expires_at"),
        ({"method": "none"}, "/method"),
        ({"jwks": {"keys": []}}, "/method"),
        ({"method": "private_key_jwt"}, "/jwks"),
        ({"method": "private_key_jwt", "jwks": {"keys": []}}, "/jwks"),
        ({"method": "private_key_jwt", "jwks": {"keys": [{"kty": "oct", "k": "x"}]}}, "/jwks"),
        ({"method": "private_key_jwt", "jwks_uri": "https://127.0.0.1/keys"}, "/jwks_uri"),
        ({"method": "private_key_jwt", "jwks_uri": "http://keys.test/"}, "/jwks_uri"),
    ],
)
def test_refused_rules_name_their_field(bank_a, clients, rules, pointer):
    with pytest.raises(InvalidInput) as refused:
        clients(**rules)
    assert refused.value.errors[0].pointer == pointer


def test_weak_and_private_keys_are_refused(bank_a, clients):
    weak = Signer("RS256", bits=1024)
    private = {**Signer("ES256").public(), "d": "AAAA"}
    for keys in ([weak.public()], [private]):
        with pytest.raises(InvalidInput) as refused:
            clients(method="private_key_jwt", jwks={"keys": keys})
        assert refused.value.errors[0].pointer == "/jwks"


def test_a_client_cannot_reach_beyond_itself(bank_a, clients):
    strong, _ = clients()
    weak = Actor(
        kind="client", id="w", label="weak", scopes=frozenset({"clients:write", "jobs:read"})
    )
    with bank_scope(bank_a):
        create_client(name="same", scopes=["jobs:read"], actor=weak)
        for act in (
            lambda: create_client(name="more", scopes=["scoring:decide"], actor=weak),
            lambda: rotate_secret(client_id=strong.client_id, actor=weak),
            lambda: revoke_client(client_id=strong.client_id, actor=weak),
            lambda: change_client(
                client_id=strong.client_id, name="x", scopes=["jobs:read"], rules=ClientRules(),
                actor=weak,
            ),
        ):  # fmt: skip
            with pytest.raises(Forbidden) as refused:
                act()
            assert refused.value.code == "scope_beyond_own"


def test_clients_by_the_api_from_birth_to_end(bank_a, api):
    system = api(bank_a)
    body = {"name": "crm", "scopes": ["jobs:read"], "networks": ["203.0.113.0/24"]}

    def send(method, path, body=None):
        return system.generic(
            method,
            f"/api/v1/clients{path}",
            json.dumps(body or {}),
            content_type="application/json",
        )

    made = send("POST", "", body)
    assert made.status_code == 201, made.content
    place = f"/{made.json()['client_id']}"
    assert len(made.json()["client_secret"]) >= 40
    assert "client_secret" not in send("GET", place).json()
    rotated = send("POST", f"{place}/secrets", {"overlap_hours": 1})
    assert rotated.status_code == 201
    secrets = send("GET", place).json()["secrets"]
    assert [s["ends_at"] is None for s in secrets] == [True, False]
    ended = send("POST", f"{place}/secrets/{secrets[1]['id']}:end")
    assert ended.status_code == 200
    assert send("POST", f"{place}/secrets/{secrets[1]['id']}:end").status_code == 404
    bad = send("PUT", place, {**body, "networks": ["x"]})
    assert (bad.status_code, bad.json()["errors"][0]["pointer"]) == (400, "/networks")
    assert send("PUT", place, {**body, "name": "CRM"}).json()["name"] == "CRM"
    assert send("POST", f"{place}/revocation").json()["is_active"] is False
    assert send("PUT", place, body).status_code == 404
    with bank_scope(bank_a):
        actions = set(
            AuditEntry.objects.filter(target_id=made.json()["client_id"]).values_list(
                "action", flat=True
            )
        )
    assert actions == {
        f"accounts.client.{verb}" for verb in ("create", "rotate", "end_secret", "change", "revoke")
    }


def test_upkeep_removes_what_has_expired(bank_a, clients, later):
    client, secret = clients(token_seconds=600)
    ask(bank_a, client, secret)
    later(300)
    token = ask(bank_a, client, secret).json()["access_token"]
    later(310)
    with public_scope():
        assert remove_expired() == 1
    assert door(bank_a, token, *DOORS[0][:2]).status_code == 200


def test_the_page_changes_a_client_and_shows_a_refusal_beside_its_field(bank_a, clients, staff):
    client, _ = clients()
    admin = staff(bank_a, "bank_admin")
    place = f"/admin/accounts/apiclient/{client.pk}/change/"
    form = {
        "name": "core", "allowed_scopes": ["jobs:read"], "method": "client_secret",
        "token_seconds": "600", "networks": "203.0.113.0/24\n2001:db8::/32", "jwks": "", "jwks_uri": "",
    }  # fmt: skip
    bad = admin.post(place, {**form, "networks": "nonsense"})
    assert bad.status_code == 200
    assert "nonsense is no network" in bad.content.decode()
    assert admin.post(place, form).status_code == 302
    with bank_scope(bank_a):
        client = ApiClient.objects.get(pk=client.pk)
    assert (client.token_seconds, client.networks) == (600, ["203.0.113.0/24", "2001:db8::/32"])
    csv = admin.get("/admin/accounts/apiclient/?export=csv").content.decode()
    assert "203.0.113.0/24 2001:db8::/32" in csv
    old = client_services.hash_secret("x")
    assert old.startswith("sha256$")
    assert authentication.client_facts(client).networks
