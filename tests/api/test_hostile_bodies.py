"""Bodies meant to hurt: each is refused as a problem document with a 4xx, quickly, and changes nothing."""

import json
import time
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts import policies
from audit.models import AuditEntry
from core.tenancy import bank_scope
from datasets.models import DataContractVersion, Dataset, DatasetLoad
from jobs.models import Job
from scoring.models import Application, BatchRun, Decision, Model, ModelRun, PolicyVersion
from tests.isolation.world import World, contract
from tests.scoring import portfolio

COUNTED = (
    AuditEntry, DataContractVersion, Dataset, DatasetLoad, Job, Application, BatchRun, Decision,
    Model, ModelRun, PolicyVersion,
)  # fmt: skip
HUGE = 9 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to send, how it answers a good body, and a text and a number of that body by their paths."""

    method: str
    path: str
    status: int
    text: tuple[str | int, ...]
    number: tuple[str | int, ...] = ()


ENDPOINTS = {
    "datasets": Endpoint("POST", "/api/v1/datasets", 201, ("title",)),
    "contract": Endpoint(
        "PUT", "/api/v1/datasets/{dataset}/contract", 200, ("columns", 0, "label"),
        ("columns", 2, "max"),
    ),
    "models": Endpoint("POST", "/api/v1/scoring/models", 201, ("name",)),
    "model-runs": Endpoint("POST", "/api/v1/scoring/model-runs", 202, ("kind",), ("seed",)),
    "decisions": Endpoint(
        "POST", "/api/v1/scoring/decisions", 201, ("application",), ("inputs", "income")
    ),
    "decisions:batch": Endpoint(
        "POST", "/api/v1/scoring/decisions:batch", 201, ("applications", 0, "application"),
        ("applications", 0, "inputs", "income"),
    ),
    "batches": Endpoint("POST", "/api/v1/scoring/batches", 202, ("model",)),
    "policies:validate": Endpoint("POST", "/api/v1/scoring/policies:validate", 200, ("note",)),
}  # fmt: skip


@pytest.fixture(scope="package")
def client(world: World) -> Client:
    return world.system(world.token(*policies.scopes()))


def good_body(world: World, name: str) -> dict[str, Any]:
    application = {
        "application": "H-1",
        "customer": "H-C1",
        "model": f"card-{world.canary.lower()}",
        "inputs": {**portfolio.GOOD, "region": "south"},
    }
    pair = {"model": world.ids["model"], "load": world.ids["load"]}
    described = contract(world.canary)
    described["columns"][2]["max"] = 500
    bodies: dict[str, dict[str, Any]] = {
        "datasets": {"name": "hostile", "title": "Hostile"},
        "contract": described,
        "models": {"code": "hostile", "name": "Hostile"},
        "model-runs": {**pair, "kind": "scorecard", "seed": 7},
        "decisions": application,
        "decisions:batch": {"applications": [application]},
        "batches": pair,
    }
    if name == "policies:validate":
        place = f"/api/v1/scoring/policies/{world.ids['policy']}"
        answer = world.system(world.token("scoring:read")).get(place).json()
        return {"document": answer["document"], "note": "Hostile"}
    return bodies[name]


def changed(body: dict[str, Any], path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    copy: Any = json.loads(json.dumps(body))
    inner = copy
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return copy  # type: ignore[no-any-return]


def put_in(body: dict[str, Any], path: tuple[str | int, ...], raw: str) -> bytes:
    """The body as JSON with `raw`, as it is, at a place."""
    return json.dumps(changed(body, path, "@@here@@")).replace('"@@here@@"', raw).encode()


def send(
    world: World, client: Client, name: str, data: bytes, *, method: str = "",
    content_type: str = "application/json",
) -> Any:  # fmt: skip
    endpoint = ENDPOINTS[name]
    return client.generic(
        method or endpoint.method,
        endpoint.path.format(**world.ids),
        data,
        content_type=content_type,
        headers={"Idempotency-Key": "hostile"},
    )


def counts(world: World) -> dict[str, int]:
    with bank_scope(world.bank):
        return {model.__name__: model.objects.count() for model in COUNTED}


@pytest.fixture
def refused(world: World, client: Client):
    """refused(name, body, statuses): sent, refused, nothing changed; the problem document."""

    def run(name: str, data: bytes, *statuses: int, **more: Any) -> dict[str, Any]:
        before = counts(world)
        begun = time.perf_counter()
        with transaction.atomic():
            answer = send(world, client, name, data, **more)
            after = counts(world)
            transaction.set_rollback(True)
        took = time.perf_counter() - begun
        assert answer.status_code in (statuses or (400,)), answer.content[:1000]
        assert answer["Content-Type"] == "application/problem+json"
        body: dict[str, Any] = answer.json()
        assert body["status"] == answer.status_code
        assert body["code"]
        assert body["request_id"]
        assert after == before
        assert took < 3.0, took
        return body

    return run


@pytest.mark.parametrize("name", ENDPOINTS)
def test_the_good_body_is_taken(world, client, name):
    """The counterpart: what is refused below is refused for its fault alone."""
    with transaction.atomic():
        answer = send(world, client, name, json.dumps(good_body(world, name)).encode())
        transaction.set_rollback(True)
    assert answer.status_code == ENDPOINTS[name].status, answer.content[:1000]


NOT_JSON = {
    "empty": b"",
    "half": b'{"name": ',
    "not UTF-8": b'{"name": "\xff\xfe"}',
    "a lone surrogate": b'{"name": "\\ud800"}',
    "deep lists": b"[" * 1000 + b"]" * 1000,
    "deeper lists": b"[" * 100_000,
    "deep objects": b'{"a":' * 1000 + b"1" + b"}" * 1000,
    "a list": b"[]",
    "a number": b"3",
    "a text": b'"x"',
    "null": b"null",
    "two values": b"{} {}",
}


@pytest.mark.parametrize("kind", NOT_JSON)
@pytest.mark.parametrize("name", ENDPOINTS)
def test_what_is_no_object(refused, name, kind):
    refused(name, NOT_JSON[kind], 400, 413)


INSIDE = {
    "deep lists": "[" * 1000 + "]" * 1000,
    "deep objects": '{"a":' * 1000 + "1" + "}" * 1000,
    "NaN": "NaN",
    "infinity": "Infinity",
    "minus infinity": "-Infinity",
    "beyond double": "1e400",
    "a NUL": '"a\\u0000b"',
    "a lone surrogate": '"\\udfff"',
    "an object": '{"$ne": null}',
    "100,000 digits": "9" * 100_000,
}


@pytest.mark.parametrize("kind", INSIDE)
@pytest.mark.parametrize("name", ENDPOINTS)
def test_hostile_value_in_a_text(world, refused, name, kind):
    refused(name, put_in(good_body(world, name), ENDPOINTS[name].text, INSIDE[kind]), 400, 413)


@pytest.mark.parametrize("raw", ["NaN", "Infinity", "1e400", '"a\\u0000b"', "9" * 5000, "[1]"])
@pytest.mark.parametrize("name", [n for n, e in ENDPOINTS.items() if e.number])
def test_hostile_value_in_a_number(world, refused, name, raw):
    refused(name, put_in(good_body(world, name), ENDPOINTS[name].number, raw))


def test_the_largest_numbers(world, client, refused):
    """Refused where a whole number is meant; a feature may be any finite number, and what follows is finite."""
    refused("model-runs", put_in(good_body(world, "model-runs"), ("seed",), "1e308"))
    for raw in ("1e308", "-1e308", "5e-324"):
        data = put_in(good_body(world, "decisions"), ("inputs", "income"), raw)
        with transaction.atomic():
            answer = send(world, client, "decisions", data)
            transaction.set_rollback(True)
        assert answer.status_code == 201, answer.content
        assert 0.0 < answer.json()["pd"] < 1.0


@pytest.mark.parametrize("name", ENDPOINTS)
def test_repeated_key(world, refused, name):
    body = good_body(world, name)
    key = next(iter(body))
    text = json.dumps(body)
    refused(name, f'{{"{key}": {json.dumps(body[key])}, {text[1:]}'.encode())


@pytest.mark.parametrize("name", ENDPOINTS)
def test_unknown_field_is_named(world, refused, name):
    problem = refused(name, json.dumps({**good_body(world, name), "surprise": 1}).encode())
    said = json.dumps(problem)
    assert "surprise" in said, problem


@pytest.mark.parametrize("name", ENDPOINTS)
def test_wrong_content_type(world, refused, name):
    data = json.dumps(good_body(world, name)).encode()
    for kind in ("text/plain", "application/xml", "application/x-www-form-urlencoded"):
        refused(name, data, 400, 415, content_type=kind)


@pytest.mark.parametrize("name", ENDPOINTS)
def test_huge_body_is_413(world, refused, name):
    body = changed(good_body(world, name), ENDPOINTS[name].text, "x" * HUGE)
    refused(name, json.dumps(body).encode(), 413)


@pytest.mark.parametrize("name", ENDPOINTS)
def test_wrong_method(world, refused, name):
    data = json.dumps(good_body(world, name)).encode()
    refused(name, data, 405, method="DELETE")
    refused(name, data, 405, method="PATCH")


TEXT = "借款人 😀 𝕏 \u202e"


def test_characters_beyond_the_basic_plane_come_back_as_they_were(world, client):
    with transaction.atomic():
        made = send(
            world, client, "datasets",
            json.dumps({"name": "emoji", "title": TEXT}).encode(),
        )  # fmt: skip
        found = client.get(f"/api/v1/datasets/{made.json()['id']}").json()
        decided = send(
            world, client, "decisions",
            json.dumps({**good_body(world, "decisions"), "application": TEXT}).encode(),
        )  # fmt: skip
        assert decided.status_code == 201, decided.content
        place = f"/api/v1/scoring/decisions/{decided.json()['id']}?include=inputs"
        subject = client.get(place).json()["subject"]
        transaction.set_rollback(True)
    assert found["title"] == TEXT
    assert subject["application"] == TEXT


TOKEN = "/api/v1/oauth/token"
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"[" * 1000 + b"]" * 1000, "application/json"),
        (b"", FORM),
        (b"grant_type=client_credentials&client_id=%00&client_secret=%00", FORM),
        (b"grant_type=client_credentials&client_id=\xf0\x9f\x98\x80&client_secret=x", FORM),
        (b"grant_type=client_credentials&client_id=a&client_id=b&client_secret=x", FORM),
        (b"grant_type=password&username=a&password=b", FORM),
        (b"&".join(b"a%d=1" % n for n in range(5000)), FORM),
        (b"client_secret=" + b"x" * HUGE, FORM),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
    ],
)  # fmt: skip
def test_token_endpoint(world, data, kind):
    before = counts(world)
    with transaction.atomic():
        answer = Client(HTTP_HOST=world.bank.host).post(TOKEN, data, content_type=kind)
        after = counts(world)
        transaction.set_rollback(True)
    assert 400 <= answer.status_code < 500, answer.content[:500]
    assert b"access_token" not in answer.content
    assert after == before


@pytest.mark.parametrize(
    "header", ["Basic !!!", "Basic " + "x" * 10_000, "Basic AAAA", "Basic", "Basic AGE6AGI="]
)
def test_token_endpoint_with_a_broken_header(world, header):
    answer = Client(HTTP_HOST=world.bank.host).post(
        TOKEN, {"grant_type": "client_credentials"}, headers={"Authorization": header}
    )
    assert answer.status_code in (400, 401)


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_token_endpoint_by_another_method(world, method):
    answer = getattr(Client(HTTP_HOST=world.bank.host), method)(TOKEN)
    assert answer.status_code == 405


@pytest.mark.parametrize(
    "query",
    [
        "jobs?kind=%00", "jobs?state=%00", "jobs?cursor=%00", "jobs?cursor=x", "jobs?page_size=-1",
        "jobs?page_size=999999999999999999999", "datasets?name=%00", "datasets?state=%F0%9F%98%80",
        "datasets?cursor=cD0w", "scoring/decisions?application=%00", "scoring/decisions?outcome=%00",
        "scoring/model-runs?state=%00", "scoring/model-versions?stage=%00", "scoring/policies?stage=%00",
        "datasets/{dataset}/contract?version=99999999999999", "datasets/{dataset}/contract?version=%00",
        "datasets/{dataset}/loads?state=%00", "datasets/{dataset}/loads/{load}/quarantine?format=%00",
        "scoring/decisions/{decision}?include=%00", "jobs/not-a-uuid", "jobs/%00",
    ],
)  # fmt: skip
def test_hostile_query(world, client, query):
    answer = client.get(f"/api/v1/{query.format(**world.ids)}")
    assert answer.status_code < 500
    if answer.status_code >= 400:
        assert answer["Content-Type"] == "application/problem+json"
