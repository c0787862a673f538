"""Tokens belong to one bank, one client and its scopes."""

from django.test import Client

from accounts.models import ApiClient
from accounts.services import revoke_client
from core.actors import system_actor
from core.tenancy import bank_scope


def test_token_of_one_bank_is_unknown_at_the_other(bank_a, bank_b, api):
    client = api(bank_a, "jobs:read")
    assert client.get("/api/v1/jobs").status_code == 200
    foreign = client.get("/api/v1/jobs", HTTP_HOST=bank_b.host)
    assert foreign.status_code == 401
    assert foreign["Content-Type"] == "application/problem+json"
    assert foreign.json()["code"] == "invalid_token"


def test_no_token_is_401_and_missing_scope_403(bank_a, api):
    anonymous = Client(HTTP_HOST=bank_a.host).get("/api/v1/jobs")
    assert (anonymous.status_code, anonymous["WWW-Authenticate"]) == (
        401,
        'Bearer realm="panorama"',
    )
    narrow = api(bank_a, "jobs:write").get("/api/v1/jobs")
    assert (narrow.status_code, narrow.json()["status"]) == (403, 403)


def test_client_asking_for_a_scope_it_was_not_given_gets_none(bank_a, api):
    api(bank_a, "jobs:read")
    with bank_scope(bank_a):
        client_id = ApiClient.objects.get(name="test 1").client_id
    answer = Client(HTTP_HOST=bank_a.host).post(
        "/api/v1/oauth/token",
        {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": "x",
            "scope": "jobs:write",
        },
    )
    assert answer.status_code in (400, 401)


def test_revoked_client_is_out_at_once(bank_a, api):
    client = api(bank_a, "jobs:read")
    with bank_scope(bank_a):
        revoke_client(
            client_id=ApiClient.objects.get(name="test 1").client_id, actor=system_actor("test")
        )
    assert client.get("/api/v1/jobs").status_code == 401


def test_unknown_api_path_is_a_problem_document(bank_a):
    answer = Client(HTTP_HOST=bank_a.host, raise_request_exception=False).get(
        "/api/v1/nothing-here"
    )
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer["X-Request-ID"]
