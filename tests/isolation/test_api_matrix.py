"""Every operation of a bank's API x no token, the other bank's, one that lacks the scope x own and foreign ids."""

import json
import re

import pytest
from django.db import transaction
from django.test import Client

from accounts import policies
from tests.isolation.bank_operations import OPERATIONS, Operation, filled, new_batch, new_run
from tests.isolation.routes import api_patterns, operations
from tests.isolation.world import SHARED, World

ABSENT = "019ab000-0000-7000-8000-0000000000ff"


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
    method = name.partition(" ")[0]
    body = operation.send(sender) if operation.send else None
    raw = isinstance(body, bytes)
    with transaction.atomic():
        answer = client.generic(
            method,
            filled(name, operation, ids) + ("?filename=x.csv" if raw else ""),
            body if raw else json.dumps(body) if body is not None else "",
            content_type="application/octet-stream" if raw else "application/json",
            headers={"Idempotency-Key": "the-same-key"},
        )
        content = b"".join(answer) if answer.streaming else answer.content
        transaction.set_rollback(True)
    # What is left of the rate is another number at each call.
    headers = {name: value for name, value in answer.headers.items() if name != "RateLimit"}
    return answer.status_code, f"{headers}{content.decode(errors='replace')}"


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


@pytest.mark.parametrize(
    "name", [n for n, o in OPERATIONS.items() if o.send in (new_run, new_batch)]
)
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
