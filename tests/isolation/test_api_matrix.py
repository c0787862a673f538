"""Every operation of a bank's API x no token, the other bank's, one that lacks the scope x own and foreign ids."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts import policies
from tests.isolation.routes import api_patterns, operations
from tests.isolation.world import SHARED, World, contract
from tests.scoring import portfolio

ABSENT = "019ab000-0000-7000-8000-0000000000ff"


@dataclass(frozen=True, slots=True)
class Operation:
    """The scope it needs, what to send of a world, how it answers, which object each parameter is."""

    scope: str
    status: int = 200
    send: Any = None
    kinds: dict[str, str] = field(default_factory=dict)
    # True when an answer about own objects has their words in it.
    shows: bool = True


def _application(world: World) -> dict[str, Any]:
    return {
        "application": f"{world.canary}-A2",
        "customer": f"{world.canary}-C2",
        "model": f"card-{world.canary.lower()}",
        "inputs": {**portfolio.GOOD, "region": "south"},
    }


def _run(world: World) -> dict[str, Any]:
    return {"model": world.ids["model"], "load": world.ids["load"], "kind": "scorecard"}


def _batch(world: World) -> dict[str, Any]:
    return {"model": world.ids["model"], "load": world.ids["load"]}


def _named(world: World) -> dict[str, Any]:
    return {"name": f"new-{world.canary.lower()}", "title": f"{world.canary} new"}


def _model(world: World) -> dict[str, Any]:
    return {"code": f"new-{world.canary.lower()}", "name": f"{world.canary} new"}


_POLICY = {"version_id": "policy"}
_READ, _TRAIN, _DECIDE = "scoring:read", "scoring:train", "scoring:decide"
_DATA, _WRITE = "datasets:read", "datasets:write"
_DATASETS, _SCORING = "/api/v1/datasets", "/api/v1/scoring"
OPERATIONS = {
    f"GET {_DATASETS}": Operation(_DATA),
    f"POST {_DATASETS}": Operation(_WRITE, 201, _named),
    f"GET {_DATASETS}/{{dataset_id}}": Operation(_DATA),
    f"GET {_DATASETS}/{{dataset_id}}/contract": Operation(_DATA),
    f"PUT {_DATASETS}/{{dataset_id}}/contract": Operation(
        _WRITE, 200, lambda w: contract(w.canary)
    ),
    f"POST {_DATASETS}/{{dataset_id}}/contract:confirm": Operation(
        _WRITE, 200, lambda w: {}, {"dataset_id": "undecided"}
    ),
    f"GET {_DATASETS}/{{dataset_id}}/loads": Operation(_DATA),
    f"POST {_DATASETS}/{{dataset_id}}/loads": Operation(_WRITE, 202, lambda w: b"loan\n1\n"),
    f"GET {_DATASETS}/{{dataset_id}}/loads/{{load_id}}": Operation(_DATA),
    f"POST {_DATASETS}/{{dataset_id}}/loads/{{load_id}}:again": Operation(_WRITE, 202),
    f"GET {_DATASETS}/{{dataset_id}}/loads/{{load_id}}/quality": Operation(_DATA),
    f"GET {_DATASETS}/{{dataset_id}}/loads/{{load_id}}/quarantine": Operation(
        "datasets:quarantine"
    ),
    "GET /api/v1/jobs": Operation("jobs:read"),
    "GET /api/v1/jobs/{job_id}": Operation("jobs:read"),
    "POST /api/v1/jobs/{job_id}:cancel": Operation("jobs:write", 409, shows=False),
    "POST /api/v1/jobs/{job_id}:resume": Operation("jobs:write", 409, shows=False),
    f"GET {_SCORING}/decisions": Operation(_READ),
    f"POST {_SCORING}/decisions": Operation(_DECIDE, 201, _application),
    f"POST {_SCORING}/decisions:batch": Operation(
        _DECIDE, 201, lambda w: {"applications": [_application(w)]}
    ),
    f"GET {_SCORING}/decisions/{{decision_id}}": Operation(_READ),
    f"GET {_SCORING}/decisions/{{decision_id}}/replay": Operation(_READ, shows=False),
    f"GET {_SCORING}/models": Operation(_READ),
    f"POST {_SCORING}/models": Operation(_TRAIN, 201, _model),
    f"GET {_SCORING}/models/{{model_id}}": Operation(_READ),
    f"PUT {_SCORING}/models/{{model_id}}/policy-draft": Operation(
        "scoring:policy", 400, lambda w: {"note": w.canary}, shows=False
    ),
    f"GET {_SCORING}/model-runs": Operation(_READ),
    f"POST {_SCORING}/model-runs": Operation(_TRAIN, 202, _run),
    f"GET {_SCORING}/model-runs/{{run_id}}": Operation(_READ),
    f"GET {_SCORING}/model-versions": Operation(_READ),
    f"GET {_SCORING}/model-versions/{{version_id}}": Operation(_READ),
    f"GET {_SCORING}/model-versions/{{version_id}}/report": Operation(_READ),
    f"POST {_SCORING}/model-versions/{{version_id}}:submit": Operation(
        _TRAIN, kinds={"version_id": "draft"}
    ),
    f"GET {_SCORING}/live": Operation(_READ),
    f"GET {_SCORING}/policies": Operation(_READ),
    f"GET {_SCORING}/policies/{{version_id}}": Operation(_READ, kinds=_POLICY),
    f"POST {_SCORING}/policies:validate": Operation(
        "scoring:policy", 400, lambda w: {"note": w.canary}, shows=False
    ),
    f"GET {_SCORING}/batches": Operation(_READ),
    f"POST {_SCORING}/batches": Operation("scoring:batch", 202, _batch),
    f"GET {_SCORING}/batches/{{batch_id}}": Operation(_READ),
    f"GET {_SCORING}/batches/{{batch_id}}/results.{{kind}}": Operation(
        "scoring:batch", shows=False
    ),
}
# Not in the document: how a token is had and given back, and the document itself.
UNDESCRIBED = {"/api/v1/oauth/token", "/api/v1/oauth/revoke", "/api/openapi.json", "/api/docs/"}


@pytest.fixture(scope="package")
def tokens(worlds) -> dict[str, str]:
    """Alpha's tokens: `full`, `without X` for each scope X; and Beta's `foreign`."""
    ours, theirs = worlds
    every = list(policies.scopes())
    used = sorted({o.scope for o in OPERATIONS.values()})
    return {
        "full": ours.token(*every),
        "foreign": theirs.token(*every),
        **{f"without {s}": ours.token(*(e for e in every if e != s)) for s in used},
        **{f"only {s}": ours.token(s) for s in used},
    }


def call(
    client: Client, name: str, operation: Operation, ids: dict[str, str], sender: World
) -> tuple[int, str]:
    """(status, headers and body); what the request changed is undone."""
    method, _, path = name.partition(" ")

    def fill(match: re.Match[str]) -> str:
        parameter = match[1]
        if parameter == "kind":
            return "csv"
        return ids[operation.kinds.get(parameter, parameter.removesuffix("_id"))]

    body = operation.send(sender) if operation.send else None
    raw = isinstance(body, bytes)
    with transaction.atomic():
        answer = client.generic(
            method,
            re.sub(r"\{(\w+)\}", fill, path) + ("?filename=x.csv" if raw else ""),
            body if raw else json.dumps(body) if body is not None else "",
            content_type="application/octet-stream" if raw else "application/json",
            headers={"Idempotency-Key": "the-same-key"},
        )
        content = b"".join(answer) if answer.streaming else answer.content
        transaction.set_rollback(True)
    return answer.status_code, f"{dict(answer.headers)}{content.decode(errors='replace')}"


def test_every_operation_is_listed():
    described = operations("bank")
    assert sorted(set(described) - set(OPERATIONS)) == [], "unlisted route"
    assert sorted(set(OPERATIONS) - set(described)) == [], "operations that are gone"
    paths = {name.partition(" ")[2] for name in described}
    assert api_patterns("bank") - paths == UNDESCRIBED, "unlisted route"


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation(worlds, tokens, name):
    ours, theirs = worlds
    operation = OPERATIONS[name]
    with_ids = "_id}" in name

    for token in ("full", f"only {operation.scope}"):
        status, text = call(ours.system(tokens[token]), name, operation, ours.ids, ours)
        assert status == operation.status, (token, text[:1000])
        assert theirs.canary.lower() not in text.lower()
        if operation.shows and status < 300:
            assert ours.canary.lower() in text.lower(), "the answer shows nothing of its bank"

    narrow = ours.system(tokens[f"without {operation.scope}"])
    outside = {
        "anonymous": Client(HTTP_HOST=ours.bank.host),
        "foreign": ours.system(tokens["foreign"]),
        "staff": ours.browser(ours.users["everybody"]),
        "nonsense": ours.system("x" * 43),
    }
    for ids, sender in ((ours.ids, ours), (theirs.ids, theirs)):
        status, text = call(narrow, name, operation, ids, sender)
        assert status == 403, text[:500]
        assert ours.canary.lower() not in text.lower()
        for who, client in outside.items():
            status, text = call(client, name, operation, ids, sender)
            assert status == 401, (who, text[:500])
            assert "WWW-Authenticate" in text, who
            assert ours.canary.lower() not in text.lower(), who
            assert theirs.canary.lower() not in text.lower(), who

    if with_ids:
        absent = dict.fromkeys(ours.ids, ABSENT)
        full = ours.system(tokens["full"])
        answers = [call(full, name, operation, ids, ours) for ids in (theirs.ids, absent)]
        assert [status for status, _ in answers] == [404, 404], answers
        words = [re.sub(r"[0-9a-f]{32}", "", text) for _, text in answers]
        assert words[0] == words[1], "a foreign id can be told from none"
        assert theirs.canary.lower() not in words[0].lower()


@pytest.mark.parametrize("name", [n for n, o in OPERATIONS.items() if o.send in (_run, _batch)])
@pytest.mark.parametrize("foreign", ["model", "load"])
def test_foreign_ids_in_a_body_are_unknown(worlds, tokens, name, foreign):
    ours, theirs = worlds
    words = []
    for other in (theirs.ids[foreign], ABSENT):
        mixed = World(ours.bank, ours.canary, ids={**ours.ids, foreign: other})
        status, text = call(ours.system(tokens["full"]), name, OPERATIONS[name], ours.ids, mixed)
        assert status in (400, 404), text[:500]
        assert theirs.canary.lower() not in text.lower()
        words.append(re.sub(rf"{other}|[0-9a-f]{{32}}", "", text))
    assert words[0] == words[1], "a foreign id can be told from none"


def test_a_foreign_load_below_an_own_dataset_is_unknown(worlds, tokens):
    ours, theirs = worlds
    mixed = {**ours.ids, "load": theirs.ids["load"]}
    for name, operation in OPERATIONS.items():
        if "{load_id}" in name:
            assert call(ours.system(tokens["full"]), name, operation, mixed, ours)[0] == 404, name


@pytest.mark.parametrize(
    ("kind", "place"),
    [("dataset", "datasets"), ("job", "jobs"), ("model", "scoring/models")],
)
def test_a_key_both_banks_have_shows_the_own_row(worlds, kind, place):
    for ours, theirs in (worlds, worlds[::-1]):
        client = ours.system(ours.token(*policies.scopes()))
        answer = client.get(f"/api/v1/{place}/{SHARED[kind]}")
        assert answer.status_code == 200, answer.content
        assert f"{ours.canary} twin" in answer.content.decode()
        assert theirs.canary.lower() not in answer.content.decode().lower()
