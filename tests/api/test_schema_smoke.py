"""Both committed API documents, fuzzed: whatever is sent, no answer is a 5xx and each is what its document says.

Each operation gets a few generated requests in process, on objects that are there; what a request changed is undone.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from accounts import policies
from accounts.services import create_client
from core.actors import system_actor
from core.tenancy import public_scope
from tests.isolation.bank_operations import OPERATIONS
from tests.isolation.routes import ROOT
from tests.isolation.world import World

SHORT, LONG = 5, 1_500
CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
SIDES = ("bank", "ops")
OPS_HOST = "ops.localhost"


def documents() -> list[tuple[str, str, str]]:
    """(side, method, path) of every operation."""
    found = []
    for side in SIDES:
        paths = json.loads((ROOT / "docs" / "api" / f"openapi-{side}.json").read_text())["paths"]
        found += [
            (side, m.upper(), path)
            for path, methods in paths.items()
            for m in methods
            if m in ("get", "post", "put", "patch", "delete") and "/oauth/" not in path
        ]
    return found


@dataclass(frozen=True)
class Side:
    """A document, where its host answers, and a token with every scope."""

    schema: Any
    base_url: str
    token: str


@pytest.fixture(scope="package")
def sides(world: World) -> Iterator[dict[str, Side]]:
    with public_scope():
        client, secret = create_client(
            name="smoke", scopes=list(policies.scopes()), actor=system_actor("test")
        )
    form = {
        "grant_type": "client_credentials",
        "client_id": client.client_id,
        "client_secret": secret,
    }
    told = Client(HTTP_HOST=OPS_HOST).post("/api/v1/oauth/token", form).json()
    given_out = {
        "bank": (world.bank.host, world.token(*policies.scopes())),
        "ops": (OPS_HOST, told["access_token"]),
    }
    application = get_wsgi_application()
    # As Django's own test client does: the connection stays, and with it the transaction to undo.
    signals.request_started.disconnect(close_old_connections)
    signals.request_finished.disconnect(close_old_connections)
    found = {}
    for side, (host, token) in given_out.items():
        schema = schemathesis.openapi.from_path(ROOT / "docs" / "api" / f"openapi-{side}.json")
        schema.app = application
        found[side] = Side(schema, f"http://{host}", token)
    yield found
    signals.request_started.connect(close_old_connections)
    signals.request_finished.connect(close_old_connections)


def ids_for(world: World, side: str, method: str, path: str) -> dict[str, str]:
    """Path parameters that name what is there."""
    if side == "ops":
        return {"slug": "alpha", "job_id": "019ab000-0000-7000-8000-0000000000ff"}
    kinds = OPERATIONS[f"{method} {path}"].kinds
    names = [part.partition("}")[0] for part in path.split("{")[1:]]
    return {
        name: "csv" if name == "kind" else world.ids[kinds.get(name, name.removesuffix("_id"))]
        for name in names
    }


EVERY = pytest.mark.parametrize(
    ("side", "method", "path"), documents(), ids=[" ".join(each) for each in documents()]
)


@EVERY
def test_no_generated_request_breaks_it(world, sides, side, method, path):
    fuzz(world, sides, (side, method, path), SHORT)


@pytest.mark.soak
@EVERY
def test_thousands_of_generated_requests_break_nothing(world, sides, side, method, path):
    fuzz(world, sides, (side, method, path), LONG)


def fuzz(world: World, sides: dict[str, Side], which: tuple[str, str, str], examples: int) -> None:
    """`examples` requests that fit or break the document of one operation, each undone."""
    side, method, path = which
    known = sides[side]
    operation = known.schema[path][method]
    ids = {k: v for k, v in ids_for(world, side, method, path).items() if f"{{{k}}}" in path}
    more = {"path_parameters": ids} if ids else {}
    cases = [operation.as_strategy(GenerationMode.POSITIVE, **more)]
    if operation.body or list(operation.query):
        cases.append(operation.as_strategy(GenerationMode.NEGATIVE, **more))
    sent = 0

    @settings(
        max_examples=examples, deadline=None, database=None, derandomize=True,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=st.one_of(cases))
    def run(case: Any) -> None:
        nonlocal sent
        with transaction.atomic():
            # What fits the document in a header is for the edge's own tests; a key opens the kept-answer path.
            headers = {"Authorization": f"Bearer {known.token}", "Idempotency-Key": "smoke"}
            answer = case.call(base_url=known.base_url, headers=headers)
            transaction.set_rollback(True)
        sent += 1
        case.validate_response(answer, checks=CHECKS)
        assert answer.status_code not in (401, 403), answer.content[:500]
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == ["application/problem+json"]

    run()
    assert sent > 0
